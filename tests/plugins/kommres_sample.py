"""A library of functions as a plugin has it: of no physical meaning, but with the shapes that rules meet."""

from fractions import Fraction

from kommres import FunctionLibrary, PluginFunction


def enthalpy(pressure, temperature):
    """Grow with the temperature; water of a sort between 0 and 100 degC."""
    if not 0 <= temperature <= 100:
        raise ValueError("the table ends at 0 and at 100 degC")
    return Fraction(41868, 10_000) * temperature + pressure * Fraction(1, 3)


def broken(temperature):
    return {}[temperature]


FUNCTIONS = FunctionLibrary(
    api_version=1,
    name="sample",
    functions=(
        PluginFunction(name="enthalpy", parameters=("MPa", "degC"), result="kJ/kg", call=enthalpy, doc="enthalpy"),
        PluginFunction(name="broken", parameters=("degC",), result="kJ/kg", call=broken),
        PluginFunction(name="floating", parameters=("degC",), result="kJ/kg", call=float),
    ),
)
