from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GEO_", env_file="settings.env")
    unit: str = "km"
    places: str = "places.json"


settings = Settings()
