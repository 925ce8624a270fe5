def total(prices, reduction=0):
    return sum(prices)
