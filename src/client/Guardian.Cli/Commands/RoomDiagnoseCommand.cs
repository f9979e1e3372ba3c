using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Spectre.Console;

namespace Guardian.Cli.Commands;

/// <summary><c>guardian room diagnose</c>: why a file will match well or badly, without showing an identifier.</summary>
internal static class RoomDiagnoseCommand
{
    private static readonly Dictionary<string, IdentifierKind> Kinds = new()
    {
        ["email"] = IdentifierKind.Email, ["phone"] = IdentifierKind.Phone, ["customer_id"] = IdentifierKind.CustomerId,
        ["name"] = IdentifierKind.Name, ["date"] = IdentifierKind.Date, ["postcode"] = IdentifierKind.Postcode,
    };

    private static readonly Dictionary<string, DateOrder> Orders = new()
    {
        ["ymd"] = DateOrder.YearMonthDay, ["dmy"] = DateOrder.DayMonthYear, ["mdy"] = DateOrder.MonthDayYear,
    };

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The file: CSV with a header, UTF-8; .gz is unpacked." };
        var column = new Option<string>("--column") { Description = "The column of the identifier.", Required = true, HelpName = "NAME" };
        var kind = new Option<string>("--kind") { Description = "email, phone or customer_id; or of a part of a composite identifier: name, date or postcode.", DefaultValueFactory = _ => "email", HelpName = "KIND" };
        kind.AcceptOnlyFromAmong([.. Kinds.Keys]);
        var profile = new Option<string?>("--profile") { Description = "How identifiers are normalised; docs/spec/room.md lists the profiles of each kind.", HelpName = "NAME" };
        var region = new Option<string?>("--region") { Description = "Country of phone numbers without a country code, such as DE.", HelpName = "CC" };
        var order = new Option<string>("--order") { Description = "How dates stand in the file: ymd, dmy or mdy.", DefaultValueFactory = _ => "ymd", HelpName = "ORDER" };
        order.AcceptOnlyFromAmong([.. Orders.Keys]);
        var hashed = new Option<bool>("--sha256") { Description = "The cells hold SHA-256 of identifiers." };
        var command = new Command("diagnose", "Explain how well a file's identifiers will match; shows figures, never an identifier, and sends nothing.") { file, column, kind, profile, region, order, hashed };
        command.Runs((arguments, terminal, cancellation) =>
        {
            var chosen = Kinds[arguments.GetRequiredValue(kind)];
            var profiles = Identifier.Profiles(chosen);
            var name = arguments.GetValue(profile) ?? profiles.First().Key;
            if (!profiles.TryGetValue(name, out var known))
            {
                throw new CliException(ExitCode.Usage, "no-profile", $"there is no profile '{name}' here", hint: $"profiles of this kind are {string.Join(", ", profiles.Keys)}");
            }
            var identifier = new Identifier(
                chosen, known, arguments.GetRequiredValue(column), arguments.GetValue(hashed) ? IdentifierForm.Sha256 : IdentifierForm.Clear, arguments.GetValue(region))
            {
                Order = Orders[arguments.GetRequiredValue(order)],
            };
            var report = new IdentifierDiagnosis(identifier).Read(arguments.GetRequiredValue(file), cancellation);
            terminal.Show(ToJson(report, name), people => Show(people, report, name));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static JsonObject ToJson(DiagnosisReport report, string profile) => new()
    {
        ["rows"] = report.Rows,
        ["persons"] = report.Persons,
        ["usable"] = Math.Round(report.Usable, 4),
        ["profile"] = profile,
        ["figures"] = new JsonObject(report.Figures.Select(figure => KeyValuePair.Create(figure.Name, (JsonNode?)figure.Rows))),
        ["personsByProfile"] = new JsonObject(report.Profiles.Select(each => KeyValuePair.Create(each.Key, (JsonNode?)each.Value))),
        ["hints"] = new JsonArray([.. report.Hints.Select(hint => (JsonNode)hint)]),
    };

    private static void Show(IAnsiConsole people, DiagnosisReport report, string profile)
    {
        string Share(int? rows) => rows is { } known ? (100.0 * known / report.Rows).ToString("F1", CultureInfo.InvariantCulture) + " %" : "";
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Terminal.Number(report.Rows)} rows, {report.Usable * 100:F1} % with an identifier that can match: {Terminal.Number(report.Persons)} persons by the profile '{profile}'"));
        var table = new Table().Border(TableBorder.Rounded).AddColumn("rows that are").AddColumn(new TableColumn("rows").RightAligned()).AddColumn(new TableColumn("share").RightAligned());
        foreach (var figure in report.Figures)
        {
            table.AddRow(new Text(figure.Name), new Text(figure.Rows is { } rows ? Terminal.Number(rows) : "< 20"), new Text(Share(figure.Rows)));
        }
        people.Write(table);
        if (report.Profiles.Count > 1)
        {
            people.WriteLine($"persons by profile: {string.Join(", ", report.Profiles.Select(each => $"{each.Key} {Terminal.Number(each.Value)}"))}");
        }
        foreach (var hint in report.Hints)
        {
            people.WriteLine($"- {hint}");
        }
    }
}
