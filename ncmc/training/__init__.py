"""One run -> its model (model.pt) and its record (record.json)."""
