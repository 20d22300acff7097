from kommres.testing import ResourceContract
from kommres_gas import RESOURCE


class TestGas(ResourceContract):
    resource = RESOURCE
