"""Factors numbers: a line of stdin is a number, a line of stdout the number and its prime factors.

A job in Python is a script that reads a chunk from stdin and prints its result. It runs on CPython
3.12 with its standard library, on other people's machines, without network and clock, and without
files but those that are given to it. Each result must be the same on all of them, since that is
how they are verified.
"""

import sys


def factors(number: int) -> list[int]:
    found = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1 if divisor == 2 else 2
    if number > 1:
        found.append(number)
    return found


for line in sys.stdin:
    number = int(line)
    print(f"{number}:", *factors(number))
