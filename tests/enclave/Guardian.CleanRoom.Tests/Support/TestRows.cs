using System.Text;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Layout;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>A person of the campaign; null is an empty cell.</summary>
internal sealed record CampaignRow(string Email, string? Arm, bool? Exposed, int? Score);

/// <summary>A customer; null is an empty cell.</summary>
internal sealed record CustomerRow(string Email, string? Region, bool? Visit, decimal? Spend, int? Age);

/// <summary>Random rows of the test contract's data sets, as files and as groups.</summary>
internal static class TestRows
{
    private static readonly string[] Arms = ["Red", "Blue", "None"];
    private static readonly string[] Regions = ["North", "South", "East", "West"];

    public static byte[] MatchKey { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static List<CampaignRow> Campaign(Random random, int count, int universe) =>
        [.. Persons(random, count, universe).Select(
            email => new CampaignRow(email, Maybe(random, Arms[random.Next(3)]), MaybeFlag(random), MaybeNumber(random, -70_000, 70_001)))];

    public static List<CustomerRow> Customers(Random random, int count, int universe) =>
        [.. Persons(random, count, universe).Select(email => new CustomerRow(
            email, Maybe(random, Regions[random.Next(4)]), MaybeFlag(random), random.Next(10) == 0
                ? null
                : random.Next(-5_000, 1_000_001) / 100m, MaybeNumber(random, 0, 121)))];

    public static string Csv(IEnumerable<CampaignRow> rows) =>
        "email,arm,exposed,score\n" + string.Concat(rows.Select(row => $"{row.Email},{row.Arm},{Flag(row.Exposed)},{row.Score}\n"));

    public static string Csv(IEnumerable<CustomerRow> rows) =>
        "mail,region,visit,spend,age\n" + string.Concat(rows.Select(row => $" {row.Email.ToUpperInvariant()} "
        + $",{row.Region},{Flag(row.Visit)},{row.Spend},{row.Age}\n"));

    /// <summary>Prepares a file like a partner.</summary>
    public static PreparedDataSet Prepare(
        RoomContract contract, string dataSet, string? csv, byte[]? matchKey = null, UploadForm form = UploadForm.Sorted,
        IReadOnlyList<string>? removed = null)
    {
        using var folder = new TemporaryFolder();
        var known = contract.FindDataSet(dataSet)!;
        return new DataSetPreparer(known, RoomLayout.For(contract), form: form).Prepare(
            csv is null ? null : folder.Write("data.csv", csv), matchKey ?? MatchKey,
            removals: removed is null ? null : folder.Write("removed.csv", $"{known.Identifier.Column}\n{string.Join('\n', removed)}\n"));
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<string> Persons(Random random, int count, int universe) =>
        Enumerable.Range(0, universe).OrderBy(_ => random.Next()).Take(count).Select(person => $"person{person}@example.com");

    private static string? Maybe(Random random, string value) => random.Next(10) == 0 ? null : value;

    private static bool? MaybeFlag(Random random) => random.Next(10) == 0 ? null : random.Next(2) == 0;

    private static int? MaybeNumber(Random random, int from, int to) => random.Next(10) == 0 ? null : random.Next(from, to);

    private static string Flag(bool? flag) => flag is { } value ? (value ? "1" : "0") : "";
}
