"""Prices an Asian call option by following random paths of the share it is written on.

The option pays by how much the share's average price over some dates exceeds a strike price. For
the arithmetic average there is no formula, so paths are drawn and what they pay is averaged. For
the geometric average there is one, which makes that average twice useful: the same paths must find
its price, and the error that they make there tells most of the error that they make with the other.

Each line of stdin is a seed, and perhaps terms: "7" or "7 samples=50000 strike=110". Terms for all
lines are arguments: "strike=110". For each line, a line of JSON has sums over its paths, which add
up with those of other seeds, so that any number of chunks make one estimate.
"""

import json
import sys
from math import erf, exp, log, sqrt
from random import Random

# The share follows the model of Black and Scholes. Rates are per year, compounded continuously, and
# the dates of the average divide the years into equal steps.
DEFAULTS = {
    "samples": 20_000,
    "spot": 100.0,
    "strike": 100.0,
    "rate": 0.05,
    "volatility": 0.2,
    "years": 1.0,
    "steps": 12,
}


def main():
    number = 0
    try:
        terms = with_words(DEFAULTS, sys.argv[1:])
        for number, line in enumerate(sys.stdin, start=1):
            seed, *words = line.split() or [""]
            result = simulate(whole_number("seed", seed), **with_words(terms, words))
            print(json.dumps(result))
    except (ValueError, OverflowError) as error:
        place = f"line {number} of the input" if number else "arguments"
        sys.exit(f"montecarlo: {place}: {error}")


def with_words(terms, words):
    """The terms, but for those that words like "strike=110" give."""
    terms = dict(terms)
    for word in words:
        name, _, text = word.partition("=")
        if name not in terms:
            raise ValueError(f"there is no {name!r}, but {', '.join(terms)}")
        terms[name] = (whole_number if isinstance(terms[name], int) else number_from)(name, text)
        low = -1 if name == "rate" else 0
        if not low < terms[name] < 1e9:
            raise ValueError(f"{name} must be above {low} and below 10^9, not {text}")
    return terms


def whole_number(name, text):
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {text!r}") from None


def number_from(name, text):
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, not {text!r}") from None


def simulate(seed, samples, spot, strike, rate, volatility, years, steps):
    """Sums over the paths of what the two options pay, as worth today, and of its products."""
    gauss = Random(seed).gauss
    drift = (rate - volatility**2 / 2) * years / steps
    deviation = volatility * sqrt(years / steps)
    discount = exp(-rate * years)
    log_spot = log(spot)

    arithmetic_sum = arithmetic_squares = 0.0
    geometric_sum = geometric_squares = products = 0.0
    for _ in range(samples):
        log_price = log_spot
        prices = log_prices = 0.0
        for _ in range(steps):
            log_price += gauss(drift, deviation)
            prices += exp(log_price)
            log_prices += log_price
        arithmetic = discount * max(0.0, prices / steps - strike)
        geometric = discount * max(0.0, exp(log_prices / steps) - strike)
        arithmetic_sum += arithmetic
        arithmetic_squares += arithmetic * arithmetic
        geometric_sum += geometric
        geometric_squares += geometric * geometric
        products += arithmetic * geometric

    return {
        "seed": seed,
        "samples": samples,
        "arithmetic": arithmetic_sum,
        "arithmeticSquares": arithmetic_squares,
        "geometric": geometric_sum,
        "geometricSquares": geometric_squares,
        "products": products,
        "geometricExact": geometric_price(spot, strike, rate, volatility, years, steps),
    }


def geometric_price(spot, strike, rate, volatility, years, steps):
    """The formula: the logarithm of the geometric average has a normal distribution."""
    mean = log(spot) + (rate - volatility**2 / 2) * years * (steps + 1) / (2 * steps)
    variance = volatility**2 * years * (steps + 1) * (2 * steps + 1) / (6 * steps**2)
    deviation = sqrt(variance)
    distance = (mean - log(strike)) / deviation
    paid = exp(mean + variance / 2) * normal(distance + deviation) - strike * normal(distance)
    return exp(-rate * years) * paid


def normal(value):
    """The normal distribution function."""
    return (1 + erf(value / sqrt(2))) / 2


main()
