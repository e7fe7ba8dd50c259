from tests.adapters.discord.conftest import anna, ben, database, double, mo, plein, town  # noqa: F401
