using Guardian.CleanRoom.Contract;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A row with several identifiers; an empty one is missing.</summary>
internal sealed record WaterfallRow(string Email, string Phone, string First, string Last, string Birth, string Postcode, int Value)
{
    /// <summary>The identifiers in the order of the contract; empty where the row has none.</summary>
    public string[] Keys => [Email, Phone, First.Length * Last.Length * Birth.Length > 0 ? $"{First} {Last} {Birth} {Postcode}" : ""];
}

/// <summary>A contract whose data sets match by e-mail, then phone, then name, birth date and postcode, and rows for it.</summary>
internal static class WaterfallRows
{
    private const string Header = "email,phone,first,last,birth,postcode,";

    private const string Identifiers =
        """
        identifiers:
              - {kind: email, column: email}
              - {kind: phone, column: phone, region: DE}
              - kind: composite
                parts:
                  - {kind: name, column: first}
                  - {kind: name, column: last}
                  - {kind: date, column: birth}
                  - {kind: postcode, column: postcode, optional: true}
        """;

    /// <summary>The changes that make the test contract one of several identifiers.</summary>
    public static (string, string)[] Changes { get; } =
    [
        ("datasets:\n", "persons: campaign\ndatasets:\n"),
        ("identifier: {kind: email, column: email}", Identifiers),
        ("identifier: {kind: email, column: mail}", Identifiers),
        ("  overlap: true", "  overlap: true\n  sum: true"),
        ("{name: spend, type: decimal, places: 2, minimum: -50, maximum: 10000}",
            "{name: spend, type: decimal, places: 2, minimum: 0, maximum: 10000, sum: true}"),
    ];

    public static RoomContract Contract(params (string, string)[] more) => TestContract.Read([.. Changes, .. more]);

    public static string Campaign(IEnumerable<WaterfallRow> rows) => Header + "arm,exposed,score\n" + string.Concat(
        rows.Select(row => $"{Text(row)},{(row.Value % 2 == 0 ? "Red" : "Blue")},1,{row.Value % 1000}\n"));

    public static string Customers(IEnumerable<WaterfallRow> rows) => Header + "region,visit,spend,age\n" + string.Concat(
        rows.Select(row => $"{Text(row)},{(row.Value % 3 == 0 ? "North" : "South")},1,{row.Value % 100},40\n"));

    /// <summary>
    /// Rows of persons of a universe, of which many lack some identifiers, some have those of a second person, and some share a phone.
    /// </summary>
    public static List<WaterfallRow> Of(Random random, int count, int universe)
    {
        string Maybe(int percent, string text) => random.Next(100) < percent ? text : "";
        int Who(int person) => random.Next(10) == 0 ? random.Next(universe) : person;
        return [.. Enumerable.Range(0, universe).OrderBy(_ => random.Next()).Take(count).Select(person => new WaterfallRow(
            Maybe(60, $"person{Who(person)}@example.com"), Maybe(60, $"+49151{1_000_000 + (Who(person) / (person % 20 == 0 ? 2 : 1))}"),
            Maybe(90, $"first{Letters(person % 97)}"), $"last{Letters(Who(person))}", $"19{50 + (person % 50)}-0{1 + (person % 9)}-11",
            $"{10_000 + (person % 1_000)}", random.Next(100_000)))];
    }

    /// <summary>Matches rows one after the other: what the enclave must compute, in a few lines and with no care for what a host sees.
    /// </summary>
    /// <returns>For each row, the row of the persons, or -1.</returns>
    public static int[] Match(IReadOnlyList<WaterfallRow> rows, IReadOnlyList<WaterfallRow> persons, int passes = 3)
    {
        var (own, others) = (Unique(rows), Unique(persons));
        var (linked, taken) = (Enumerable.Repeat(-1, rows.Count).ToArray(), new HashSet<int>());
        for (var pass = 0; pass < passes; pass++)
        {
            var free = Enumerable.Range(0, persons.Count).Where(person => others[person][pass].Length > 0 && !taken.Contains(person))
                .ToDictionary(person => others[person][pass]);
            for (var row = 0; row < rows.Count; row++)
            {
                if (linked[row] < 0 && own[row][pass].Length > 0 && free.TryGetValue(own[row][pass], out var person))
                {
                    linked[row] = person;
                    taken.Add(person);
                }
            }
        }
        return linked;
    }

    // An identifier counts for the first row that has it.
    private static List<string[]> Unique(IReadOnlyList<WaterfallRow> rows)
    {
        var seen = new HashSet<(int, string)>();
        return [.. rows.Select(row => row.Keys.Select((key, pass) => key.Length > 0 && seen.Add((pass, key)) ? key : "").ToArray())];
    }

    private static string Text(WaterfallRow row) =>
        $"{row.Email},{row.Phone},{row.First},{row.Last},{row.Birth},{row.Postcode}";

    private static string Letters(int number) => string.Concat($"{number}".Select(digit => (char)('a' + digit - '0')));
}
