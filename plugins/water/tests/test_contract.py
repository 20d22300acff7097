from kommres.testing import ResourceContract
from kommres_water import RESOURCE


class TestWater(ResourceContract):
    resource = RESOURCE
