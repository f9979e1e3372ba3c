using Guardian.Cli.Output;
using Guardian.CleanRoom.Analyses;
using Guardian.Portal.Look;

namespace Guardian.Cli.Reports;

/// <summary>The counts of a crosstab, one or two columns wide.</summary>
internal static class CrosstabSection
{
    /// <summary>The sentence below the title.</summary>
    /// <param name="margin">The words about noise.</param>
    public static string WriteLead(CrosstabResult crosstab, string margin) =>
        $"{Format.Count(crosstab.Cells.Sum(cell => cell.Persons ?? 0), "person")} in "
        + $"{Format.Count(crosstab.Cells.Count - crosstab.SuppressedCells, "group")}{margin}.";

    public static string Write(CrosstabResult crosstab)
    {
        var greatest = Math.Max(1, crosstab.Cells.Max(cell => cell.Persons ?? 0));
        IEnumerable<string> titles = crosstab.By.Count == 2
            ? crosstab.Cells.Select(cell => cell.Values[1]).Distinct().Select(Html.Encode)
            : ["persons"];
        var rows = crosstab.Cells.GroupBy(cell => cell.Values[0])
            .Select(row => Html.Row(Html.Encode(row.Key), row.Select(cell => WriteCell(cell, greatest))));
        var caption = $"Persons by {Html.Encode(string.Join(" and ", crosstab.By))}";
        var note = crosstab.SuppressedCells == 0
            ? ""
            : $"<p>{Format.Count(crosstab.SuppressedCells, "cell is", "cells are")} withheld: too few persons, or they would give away "
                + "a cell with too few.</p>";
        return $"""
            <section>
            {Html.Table(caption, titles.Prepend(Html.EncodeColumn(crosstab.By[0])), rows)}
            {note}
            </section>
            """;
    }

    private static string WriteCell(CrosstabCell cell, long greatest) => cell.Persons is { } persons
        ? $"""<td class="cell shade-{(int)Math.Round((double)PageStyle.Shades * persons / greatest)}">{Html.Number(persons)}</td>"""
        : """<td class="withheld">withheld</td>""";
}
