from kommres.testing import ResourceContract, RulesContract
from kommres_heat import RESOURCE


class TestHeat(ResourceContract):
    resource = RESOURCE


class TestHeatRules(RulesContract):
    resource = RESOURCE
