"""What runs measure and judge. What these tests need of pytest itself, the tests beside this folder try."""
