"""From a plan to the shelf: fetched, proven, mended, shelved."""
