from kommres.testing import ResourceContract
from kommres_heat import RESOURCE


class TestHeat(ResourceContract):
    resource = RESOURCE
