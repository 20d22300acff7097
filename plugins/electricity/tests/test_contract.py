from kommres.testing import ResourceContract
from kommres_electricity import RESOURCE


class TestElectricity(ResourceContract):
    resource = RESOURCE
