using System.IO.Compression;
using System.Text.RegularExpressions;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Tests.Support;

namespace Guardian.CleanRoom.Tests.Matching;

/// <summary>Recall and precision of the tolerant identifiers that the guide lists, on files whose true pairs are known.</summary>
public sealed partial class MatchQualityTests
{
    private const string Header = "first_name,last_name,birth_date,postcode,number\n";

    private static readonly string Page = File.ReadAllText(Repository.File("docs", "how-to", "match-persons.md"));

    [Fact]
    public void Tolerant_identifiers_find_most_copies_of_febrl_and_hardly_any_wrong_one()
    {
        var (originals, copies) = (Febrl("febrl4a.csv.gz"), Febrl("febrl4b.csv.gz"));
        Assert.Equal((1_775, 1_775), Match(originals, copies, passes: 1));
        var (found, right) = Match(originals, copies, passes: 5);
        Assert.Equal((4_316, 4_315), (found, right));
        Assert.Contains("finds 86.3 %, 1 of 4,316 wrong", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void They_find_most_persons_of_a_generated_file_with_other_errors()
    {
        var random = new Random(2026);
        var persons = Enumerable.Range(0, 4_000).Select(number => GeneratedPerson.Draw(random, number)).ToList();
        // A quarter of each file is not in the other one.
        var originals = Header + string.Concat(persons.Take(3_000).Select(person => person.Line));
        var copies = Header + string.Concat(persons.Skip(1_000).Select(person => person.Damage(random).Line));
        var (exact, _) = Match(originals, copies, passes: 1);
        var (found, right) = Match(originals, copies, passes: 5);
        var line = FormattableString.Invariant(
            $"generated: 3,000 and 3,000, 2,000 in both | finds {exact / 20.0:F1} %, none wrong | finds {right / 20.0:F1} %, ")
            + FormattableString.Invariant($"{found - right} of {found:N0} wrong");
        Assert.True(Page.Contains(line, StringComparison.Ordinal), line);
    }

    [Fact]
    public void The_guides_waterfall_is_a_contract()
    {
        var first = Blocks().First();
        var contract = TestContract.Change();
        var start = contract.IndexOf("datasets:\n", StringComparison.Ordinal);
        var end = contract.IndexOf("    max_rows: 4000", StringComparison.Ordinal);
        var read = TestContract.Read(
            (contract[start..end], first),
            ("identifier: {kind: email, column: mail}", "identifier: {kind: phone, column: phone, region: DE}"));
        Assert.Equal(("campaign", 3), (read.Persons, read.PassCount));
        Assert.Equal([1], read.FindDataSet("customers")!.Passes);
    }

    private static (int Found, int Right) Match(string originals, string copies, int passes)
    {
        // With one pass, the second is one that nobody has: a contract with 'persons' has two at least.
        var list = Blocks().ElementAt(1).TrimEnd('\n').Split("\n  - ").Skip(1).Take(passes).ToList();
        if (passes == 1)
        {
            list.Add("{kind: customer_id, column: nothing}");
            (originals, copies) = (AddEmpty(originals), AddEmpty(copies));
        }
        var identifiers = "identifiers:\n"
            + string.Concat(list.Select(each => $"      - {each.Replace("\n  ", "\n      ", StringComparison.Ordinal)}\n"));
        const string Number = "      - {name: number, type: integer, minimum: 0, maximum: 2000000}\n";
        var contract = TestContract.Read(
            ("datasets:\n", "persons: campaign\ndatasets:\n"), ("max_rows: 4000", "max_rows: 5000"),
            ("identifier: {kind: email, column: email}\n", identifiers), ("identifier: {kind: email, column: mail}\n", identifiers),
            ("      - {name: arm, type", Number + "      - {name: arm, type"),
            ("      - {name: region, type", Number + "      - {name: region, type"));
        var pairs = LinkedPairs.Of(
            contract, ("campaign", AddColumns(originals, ",arm,exposed,score", ",,,"), "number"),
            ("customers", AddColumns(copies, ",region,visit,spend,age", ",,,,"), "number"));
        return (pairs.Count, pairs.Count(pair => pair.Person == pair.Row));
    }

    private static string AddEmpty(string csv) => AddColumns(csv, ",nothing", ",");

    private static string AddColumns(string csv, string header, string cells)
    {
        var lines = csv.TrimEnd('\n').Split('\n');
        return lines[0] + header + "\n" + string.Concat(lines.Skip(1).Select(line => line + cells + "\n"));
    }

    private static string Febrl(string name)
    {
        using var file = new StreamReader(
            new GZipStream(File.OpenRead(Repository.File("tests", "vectors", "persons", name)), CompressionMode.Decompress));
        var rows = file.ReadToEnd().TrimEnd().Split('\n').Select(line => line.Split(',').Select(cell => cell.Trim()).ToArray()).ToList();
        int Find(string column) => Array.IndexOf(rows[0], column);
        int[] columns = [Find("given_name"), Find("surname"), Find("date_of_birth"), Find("postcode")];
        return Header + string.Concat(rows.Skip(1).Select(row =>
            string.Join(',', columns.Select(column => row[column])) + $",{row[0].Split('-')[1]}\n"));
    }

    private static IEnumerable<string> Blocks() => Yaml().Matches(Page).Select(match => match.Groups[1].Value);

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Yaml();
}
