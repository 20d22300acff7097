from kommres.testing import ResourceContract, RulesContract
from kommres_water import RESOURCE


class TestWater(ResourceContract):
    resource = RESOURCE


class TestWaterRules(RulesContract):
    resource = RESOURCE
