"""Tails of a normal error plus Laplace noise with variance 1, by Simpson's rule: the known answers of NoiseMixtureTests."""
import math


def upper(x):
    return 0.5 * math.erfc(x / math.sqrt(2))


def tail(x, share):
    """P(|X| > x), where `share` of the variance is noise."""
    deviation, scale = math.sqrt(1 - share), math.sqrt(share / 2)
    steps, bound = 200_000, 60 * scale
    width = 2 * bound / steps
    total = 0.0
    for step in range(steps + 1):
        y = -bound + step * width
        density = math.exp(-abs(y) / scale) / (2 * scale)
        total += density * upper((x - y) / deviation) * (1 if step in (0, steps) else 4 if step % 2 else 2)
    return 2 * total * width / 3


for share in (0.01, 0.1, 0.5, 0.9, 0.99):
    for x in (1, 1.96, 3, 6):
        print(f"[InlineData({x}, {share}, {tail(x, share):.10g})]")
