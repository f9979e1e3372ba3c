using System.Globalization;
using Guardian.CleanRoom.Client;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Shows the identifiers of a file, one in each line.</summary>
internal static class WaterfallView
{
    /// <summary>Writes the report for people.</summary>
    public static void Show(TextOutput people, WaterfallReport report)
    {
        static string Count(int? rows) => rows is { } known ? Format.Number(known) : "< 20";
        var share = report.Rows == 0 ? 0 : 100.0 * report.Identified / report.Rows;
        people.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Format.Count(report.Rows, "row")}, {share:F1} % with an identifier that can match"));
        var table = new TextTable().AddTextColumns("identifier", "columns")
            .AddNumberColumns("rows with it", "can match", "persons", "first here", "most frequent");
        foreach (var each in report.Identifiers)
        {
            table.AddRow(
                each.Kind, string.Join(" + ", each.Columns), Count(each.Present), Count(each.Usable), Count(each.Persons),
                Count(each.Reached), Count(each.MostFrequent));
        }
        people.WriteTable(table);
        people.WriteLine("first here: rows that no identifier above can match");
        foreach (var hint in report.Hints)
        {
            people.WriteLine($"- {hint}");
        }
    }
}
