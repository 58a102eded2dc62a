"""What protocols over protobuf share: scanning, varints, parsing."""
