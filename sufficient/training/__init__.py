"""The net follows the growing set: cloned, sized, trained and scored."""
