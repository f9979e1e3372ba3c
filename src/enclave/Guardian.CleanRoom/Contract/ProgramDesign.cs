namespace Guardian.CleanRoom.Contract;

/// <summary>
/// An analysis that the members bring as a WebAssembly program. It turns the columns of one person into that person's part of each figure;
/// the room bounds the parts, adds them up over all matched persons, and adds noise.
/// </summary>
public sealed record ProgramDesign
{
    /// <summary>Its name in questions.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the module, lower-case hex: the members approve exactly these bytes.</summary>
    public required string Digest { get; init; }

    /// <summary>The columns that it reads, in the order of its input.</summary>
    public required IReadOnlyList<ColumnReference> Inputs { get; init; }

    /// <summary>Its figures, in the order of its output.</summary>
    public required IReadOnlyList<ProgramOutput> Outputs { get; init; }

    /// <summary>Roughly the instructions that it may execute for one person; each person takes the time of so many.</summary>
    public required long Fuel { get; init; }

    /// <summary>The most bytes of memory that it may begin with; it gets no more.</summary>
    public required long MemorySize { get; init; }

    /// <summary>The price of an answer for each of its data sets; null until the contract's rules are known.</summary>
    public decimal? Epsilon { get; init; }

    /// <summary>The numbers that it writes for one person.</summary>
    public int CellCount => Outputs.Sum(output => output.Cells.Count);
}

/// <summary>Figures of a program that share a bound: all parts of one person together are at most the cap.</summary>
/// <param name="Name">Its name in answers.</param>
/// <param name="Cells">The names of its figures.</param>
/// <param name="Cap">The most that one person adds to all of them together, times 10^<paramref name="Places"/>.</param>
/// <param name="Places">Decimal places of the figures, 0 to 6.</param>
public sealed record ProgramOutput(string Name, IReadOnlyList<string> Cells, long Cap, int Places);
