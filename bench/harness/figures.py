"""Medians over the rounds, and ratios within a round."""
from statistics import median


class Figures:
    """The cells of a run, asked by who, how many tenants, what, and how durable."""

    def __init__(self, cells):
        self.cells = {}
        for cell in cells:
            name = (cell["contender"], cell["tenants"], cell["op"], cell["sync"])
            self.cells.setdefault(name, {})[cell["round"]] = cell

    def rounds(self, *name):
        return self.cells.get(name, {})

    def median(self, field, *name):
        values = [cell[field] for cell in self.rounds(*name).values() if field in cell]
        return median(values) if values else None

    def total(self, field, *name):
        return sum(cell.get(field, 0) for cell in self.rounds(*name).values())

    def ratio(self, over, under, field="rps"):
        """The median of the rounds' ratios, and how many rounds both were in."""
        above, below = self.rounds(*over), self.rounds(*under)
        both = [above[number][field] / below[number][field] for number in above
                if number in below and below[number][field]]
        return (median(both), len(both)) if both else (None, 0)

    def sizes(self):
        return sorted({name[1] for name in self.cells if isinstance(name[1], int)})
