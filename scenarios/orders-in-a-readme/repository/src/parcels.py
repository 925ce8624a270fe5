def count(parcels):
    return len(parcels)
