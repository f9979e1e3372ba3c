using System.CommandLine;
using System.Globalization;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;

namespace Guardian.Cli.Commands.Rooms;

/// <summary><c>guardian room diagnose</c>.</summary>
internal sealed class RoomDiagnoseCommand : CliCommand
{
    private static readonly Dictionary<string, IdentifierKind> Kinds = new()
    {
        ["email"] = IdentifierKind.Email, ["phone"] = IdentifierKind.Phone, ["customer_id"] = IdentifierKind.CustomerId,
        ["maid"] = IdentifierKind.Maid, ["uid2"] = IdentifierKind.Uid2, ["euid"] = IdentifierKind.Euid, ["rampid"] = IdentifierKind.RampId,
        ["name"] = IdentifierKind.Name, ["date"] = IdentifierKind.Date, ["postcode"] = IdentifierKind.Postcode,
    };

    private readonly Argument<string> file = new("FILE")
    {
        Description = "The file: CSV with a header, UTF-8 (also packed with gzip), Parquet or .xlsx; - is standard input.",
    };
    private readonly Option<string?> column = new("--column")
    {
        Description = "The column of one identifier. Without it, all identifiers are counted: those of --contract, or those found.",
        HelpName = "NAME",
    };
    private readonly Option<string?> contract = new("--contract")
    {
        Description = "The contract, room.yaml, whose identifiers are counted.",
        HelpName = "FILE",
    };
    private readonly Option<string?> dataSet = new("--dataset")
    {
        Description = "The data set of the contract.",
        HelpName = "NAME",
    };
    private readonly Option<string> kind = new("--kind")
    {
        Description =
            "email, phone, customer_id, maid, uid2, euid or rampid; or for a part of a composite identifier: name, date or postcode.",
        DefaultValueFactory = _ => "email",
        HelpName = "KIND",
    };
    private readonly Option<string?> profile = new("--profile")
    {
        Description = "How identifiers are normalised; docs/spec/room.md lists the profiles of each kind.",
        HelpName = "NAME",
    };
    private readonly Option<string?> region = new("--region")
    {
        Description = "Country of phone numbers without a country code, such as DE.",
        HelpName = "CC",
    };
    private readonly Option<string> order = new("--order")
    {
        Description = "The order of dates in the file: ymd, dmy, mdy or excel.",
        DefaultValueFactory = _ => "ymd",
        HelpName = "ORDER",
    };
    private readonly Option<bool> hashed = new("--sha256") { Description = "The cells hold SHA-256 of identifiers." };

    private readonly Option<bool> forPartner = new("--for-partner")
    {
        Description = "Hide counts below 20, so that you can show the report to a partner.",
    };

    public RoomDiagnoseCommand() : base(
        "diagnose", "Explain how well a file's identifiers will match; shows figures, never an identifier, and sends nothing.")
    {
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        order.AcceptOnlyFromAmong([.. DateOrders.Names.Keys]);
        AddSymbols(file, column, contract, dataSet, kind, profile, region, order, hashed, forPartner);
    }

    protected override Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(file);
        if (arguments.GetValue(column) is not { } single)
        {
            var several = InputFile.Use(path, () => new WaterfallDiagnosis(
                ReadIdentifiers(arguments, path), arguments.GetValue(forPartner)).Read(path, cancellation));
            terminal.Show(
                RoomWaterfallResult.Of(several), RoomsJson.Default.RoomWaterfallResult, people => WaterfallView.Show(people, several));
            return Task.FromResult(ExitCode.Done);
        }
        var (identifier, name) = ReadIdentifier(arguments, single);
        var report = InputFile.Use(
            path, () => new IdentifierDiagnosis(identifier, arguments.GetValue(forPartner)).Read(path, cancellation));
        terminal.Show(RoomDiagnoseResult.Of(report, name), RoomsJson.Default.RoomDiagnoseResult, people => Show(people, report, name));
        return Task.FromResult(ExitCode.Done);
    }

    private IReadOnlyList<Identifier> ReadIdentifiers(ParseResult arguments, string path)
    {
        var name = arguments.GetValue(dataSet);
        if (arguments.GetValue(contract) is { } contractPath)
        {
            var known = RoomFile.Load(contractPath).Contract;
            return known.FindDataSet(name ?? "")?.Identifiers ?? throw CliReasons.NoDataSet.Refuse(
                $"the contract has no data set '{name}'",
                $"--dataset is one of {string.Join(", ", known.DataSets.Select(each => each.Name))}");
        }
        if (path == "-")
        {
            throw CliReasons.NoFile.Refuse("identifiers are found in a file, not in standard input", "name one with --column");
        }
        var country = arguments.GetValue(region);
        return
        [
            .. WaterfallDiagnosis.FindIdentifiers(path).Select(
                each => each is { Kind: IdentifierKind.Phone, Form: IdentifierForm.Clear } ? each with { Region = country } : each),
        ];
    }

    private (Identifier Identifier, string Profile) ReadIdentifier(ParseResult arguments, string name)
    {
        var chosen = Kinds[arguments.GetRequiredValue(kind)];
        var profiles = Identifier.Profiles(chosen);
        var rules = arguments.GetValue(profile) ?? profiles.First().Key;
        if (!profiles.TryGetValue(rules, out var known))
        {
            throw CliReasons.NoProfile.Refuse(
                $"there is no profile '{rules}' here", $"profiles of this kind are {string.Join(", ", profiles.Keys)}");
        }
        var form = arguments.GetValue(hashed) ? IdentifierForm.Sha256 : IdentifierForm.Clear;
        return (new Identifier(chosen, known, name, form, arguments.GetValue(region))
        {
            Order = DateOrders.Names[arguments.GetRequiredValue(order)],
        }, rules);
    }

    private static void Show(TextOutput people, DiagnosisReport report, string profile)
    {
        string Share(int? rows) =>
            rows is { } known ? (100.0 * known / report.Rows).ToString("F1", CultureInfo.InvariantCulture) + " %" : "";
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Format.Count(report.Rows, "row")}, {report.Usable * 100:F1} % with an identifier that can match: "
            + $"{Format.Count(report.Persons, "person")} by the profile '{profile}'"));
        var table = new TextTable().AddTextColumns("rows that are").AddNumberColumns("rows", "share");
        foreach (var figure in report.Figures)
        {
            table.AddRow(figure.Name, figure.Rows is { } rows ? Format.Number(rows) : "< 20", Share(figure.Rows));
        }
        people.WriteTable(table);
        if (report.MostFrequent is { } most)
        {
            people.WriteLine($"the most frequent identifier stands in {Format.Count(most, "row")}");
        }
        if (report.Profiles.Count > 1)
        {
            people.WriteLine(
                $"persons by profile: {string.Join(", ", report.Profiles.Select(each => $"{each.Key} {Format.Number(each.Value)}"))}");
        }
        foreach (var hint in report.Hints)
        {
            people.WriteLine($"- {hint}");
        }
    }
}

/// <summary>The result of <c>room diagnose</c>.</summary>
/// <param name="Usable">The share of rows with an identifier that can match, 0 to 1.</param>
/// <param name="Figures">Rows by property; null for fewer than 20 in a report for a partner.</param>
/// <param name="MostFrequent">Rows of the most frequent identifier; null like <paramref name="Figures"/>.</param>
internal sealed record RoomDiagnoseResult(
    int Rows, int Persons, double Usable, string Profile, IReadOnlyDictionary<string, int?> Figures,
    IReadOnlyDictionary<string, int> PersonsByProfile,
    IReadOnlyList<string> Hints, int? MostFrequent)
{
    public static RoomDiagnoseResult Of(DiagnosisReport report, string profile) => new(
        report.Rows, report.Persons, Math.Round(report.Usable, 4), profile,
        report.Figures.ToDictionary(figure => figure.Name, figure => figure.Rows),
        report.Profiles.ToDictionary(each => each.Key, each => each.Value), [.. report.Hints],
        report.MostFrequent);
}

/// <summary>The result of <c>room diagnose</c> for all identifiers of a file.</summary>
/// <param name="Identified">Rows with at least one identifier that can match.</param>
/// <param name="Identifiers">Each identifier, best first; counts below 20 are null in a report for a partner.</param>
internal sealed record RoomWaterfallResult(
    int Rows, int Identified, IReadOnlyList<IdentifierCounts> Identifiers, IReadOnlyList<string> Hints)
{
    public static RoomWaterfallResult Of(WaterfallReport report) => new(
        report.Rows, report.Identified, report.Identifiers, report.Hints);
}
