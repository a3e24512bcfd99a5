import pytest


@pytest.fixture
def admin_user(db, django_user_model):
    """Who `admin_client` is; without a password, whose hashing would take longer than most tests."""
    return django_user_model.objects.create_superuser("admin")
