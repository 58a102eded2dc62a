"""All that the front and its workers share: frames, segments, the names of variables."""
