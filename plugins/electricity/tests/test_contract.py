from kommres.testing import ResourceContract, RulesContract
from kommres_electricity import RESOURCE


class TestElectricity(ResourceContract):
    resource = RESOURCE


class TestElectricityRules(RulesContract):
    resource = RESOURCE
