using System.Globalization;
using System.Net;

namespace Guardian.Cli.Reports;

/// <summary>Fragments of HTML that several parts of a report need.</summary>
internal static class Html
{
    public static CultureInfo Culture { get; } = CultureInfo.InvariantCulture;

    /// <summary>Encodes text for HTML.</summary>
    public static string Encode(string? text) => WebUtility.HtmlEncode(text ?? "");

    /// <summary>The encoded name of a column without its data set.</summary>
    public static string EncodeColumn(string column) => Encode(RemoveDataSet(column));

    /// <summary>The name of a column without its data set.</summary>
    public static string RemoveDataSet(string column) => column[(column.IndexOf('.', StringComparison.Ordinal) + 1)..];

    /// <summary>The beginning of a sentence about a number of persons.</summary>
    public static string Persons(long number) => $"<b>{Number(number)}</b> {(number == 1 ? "person is" : "persons are")}";

    /// <summary>A whole number with commas between thousands.</summary>
    public static string Number(long number) => number.ToString("N0", Culture);

    /// <summary>A count of persons, which may be withheld.</summary>
    public static string Count(long? persons) => persons is { } known ? Number(known) : "withheld";

    /// <summary>A table that can be scrolled sideways.</summary>
    /// <param name="caption">Encoded text.</param>
    /// <param name="titles">HTML of the column titles.</param>
    /// <param name="rows">Rows of <see cref="Row"/>.</param>
    public static string Table(string caption, IEnumerable<string> titles, IEnumerable<string> rows) => $"""
        <div class="scroll" tabindex="0" role="region" aria-label="{caption}">
        <table>
        <caption>{caption}</caption>
        <thead><tr>{string.Concat(titles.Select(title => $"""<th scope="col">{title}</th>"""))}</tr></thead>
        <tbody>
        {string.Join('\n', rows)}
        </tbody>
        </table>
        </div>
        """;

    /// <summary>A row of a table.</summary>
    /// <param name="title">HTML of the first cell.</param>
    /// <param name="cells">Cells of <see cref="Cell"/>.</param>
    public static string Row(string title, IEnumerable<string> cells) => $"""<tr><th scope="row">{title}</th>{string.Concat(cells)}</tr>""";

    /// <summary>A cell of a table.</summary>
    /// <param name="content">HTML.</param>
    public static string Cell(string content) => $"<td>{content}</td>";
}
