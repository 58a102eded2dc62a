"""Publish verified images: push, software bills of materials, the release's manifest, signing."""
