namespace Guardian.CleanRoom.Client.Drafting;

/// <summary>Counts the texts of a column, and for each whether many persons have it.</summary>
internal sealed class ValueTally
{
    /// <summary>The persons who must have a value before a draft shows it.</summary>
    public const int LeastPersons = 10;

    // A category with more values is no category that people can read in a contract.
    private const int MaxValues = 1_000;

    private Dictionary<string, Entry>? values = new(StringComparer.Ordinal);

    /// <summary>Whether there are more different texts than are counted.</summary>
    public bool IsFull => values is null;

    /// <summary>Adds a text.</summary>
    public void Add(ReadOnlySpan<char> text, long person)
    {
        if (values is null)
        {
            return;
        }
        var lookup = values.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!lookup.TryGetValue(text, out var entry))
        {
            if (values.Count == MaxValues)
            {
                values = null;
                return;
            }
            lookup[text] = entry = new Entry();
        }
        entry.Cells++;
        if (entry.Persons.Count < LeastPersons)
        {
            entry.Persons.Add(person);
        }
    }

    /// <summary>The texts that at least <see cref="LeastPersons"/> persons have, in their order, with their cells.</summary>
    public IReadOnlyList<(string Text, int Cells)> FindFrequent() =>
    [
        .. (values ?? []).Where(value => value.Value.Persons.Count >= LeastPersons).OrderBy(value => value.Key, StringComparer.Ordinal)
            .Select(value => (value.Key, value.Value.Cells)),
    ];

    private sealed class Entry
    {
        public int Cells { get; set; }

        public HashSet<long> Persons { get; } = [];
    }
}
