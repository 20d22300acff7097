from kommres.testing import ResourceContract, RulesContract
from kommres_gas import RESOURCE


class TestGas(ResourceContract):
    resource = RESOURCE


class TestGasRules(RulesContract):
    resource = RESOURCE
