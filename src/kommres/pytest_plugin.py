"""The pytest plugin: loaded by pytest itself wherever kommres is installed, so it must stay light."""

import pytest

# Failing contracts then show the values they compared.
pytest.register_assert_rewrite("kommres.testing")
