using System.Globalization;
using System.Net;
using System.Text;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.Sgx;

namespace Guardian.Cli.Rooms;

/// <summary>
/// An answer as one self-contained page: no script, no font, no picture from elsewhere. Every plot has its figures in a table beside it, says in words what it shows,
/// and tells nothing by colour alone.
/// </summary>
internal sealed partial class AnswerPage(Answer answer, VerifiedStatement statement)
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>The page.</summary>
    public string Write() =>
        $$"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>{{Text(Title())}} - {{Text(answer.Room)}}</title>
        <style>
        {{Style}}
        </style>
        </head>
        <body>
        <main>
        <header>
        <p class="eyebrow">{{Text(answer.Room)}}</p>
        <h1>{{Text(Title())}}</h1>
        <p class="lead">{{Lead()}}</p>
        {{Filters()}}
        </header>
        {{Warnings()}}
        {{Body()}}
        {{Provenance()}}
        </main>
        </body>
        </html>

        """;

    private string Title() => answer.Question.Kind switch
    {
        QuestionKind.Lift => "Did the campaign work?",
        QuestionKind.Reach => "Whom did the campaign reach?",
        QuestionKind.Sum => $"How much is {Short(((SumResult)answer.Body).Column)}?",
        QuestionKind.Crosstab => $"Who are they, by {string.Join(" and ", answer.Question.By.Select(Short))}?",
        _ => "How many do we share?",
    };

    private string Lead()
    {
        if (answer.Body is LiftResult lift)
        {
            return LiftLead(lift);
        }
        var margin = answer.NoiseMargin is { } noise ? $", give or take {Number(noise)} for privacy" : "";
        return answer.Body switch
        {
            OverlapResult overlap => $"<b>{Number(overlap.Persons)}</b> persons are in all data sets{margin}.",
            SumResult sum => $"<b>{sum.Sum.ToString("N2", Culture)}</b> over {Number(sum.Persons)} persons, {sum.Mean.ToString("N2", Culture)} each; nobody adds more than {sum.Cap.ToString("N2", Culture)}.",
            ReachResult reach => $"<b>{Number(reach.Reached)}</b> of {Number(reach.Persons)} persons{(reach.AverageFrequency is { } often ? $", {often.ToString("F2", Culture)} times on average" : "")}{margin}.",
            CrosstabResult crosstab => $"{Number(crosstab.Cells.Sum(cell => cell.Persons ?? 0))} persons in {crosstab.Cells.Count - crosstab.SuppressedCells} groups{margin}.",
            _ => "",
        };
    }

    private string Filters() => answer.Question.Where.Count == 0
        ? ""
        : $"<p class=\"filters\">Only where {string.Join(" and ", answer.Question.Where.Select(condition => $"<code>{Text(condition.ToString())}</code>"))}</p>";

    private string Warnings()
    {
        var warnings = new StringBuilder();
        if (statement.Quote.Platform == PlatformKind.Simulated)
        {
            warnings.AppendLine("<p class=\"notice\" role=\"note\"><b>Simulated platform.</b> SGX's formats and checks, under a root of trust of its own, and no protection: good for trying out.</p>");
        }
        if (answer.Body is LiftResult { SampleRatio.IsMismatch: true } lift)
        {
            warnings.AppendLine(Culture, $"<p class=\"notice alarm\" role=\"alert\"><b>No verdict.</b> The arms do not have the intended sizes ({string.Join(", ", lift.Arms.Select(arm => $"{Text(arm.Name)}: {Share((double)arm.Persons / lift.Arms.Sum(each => each.Persons))} instead of {Share(arm.IntendedShare)}"))}; {Probability(lift.SampleRatio.PValue)}). Something other than the campaign parted them; find it before reading the figures.</p>");
        }
        return warnings.ToString();
    }

    private string Body() => answer.Body switch
    {
        LiftResult lift => LiftBody(lift),
        CrosstabResult crosstab => CrosstabBody(crosstab),
        ReachResult reach => ReachBody(reach),
        _ => "",
    };

    private static string CrosstabBody(CrosstabResult crosstab)
    {
        var greatest = Math.Max(1, crosstab.Cells.Max(cell => cell.Persons ?? 0));
        string Cell(CrosstabCell cell) => cell.Persons is { } persons
            ? string.Create(Culture, $"<td class=\"cell\" style=\"--share:{(double)persons / greatest:F3}\">{Number(persons)}</td>")
            : "<td class=\"withheld\">withheld</td>";
        var hasTwo = crosstab.By.Count == 2;
        var head = hasTwo ? string.Concat(crosstab.Cells.Select(cell => cell.Values[1]).Distinct().Select(value => $"<th scope=\"col\">{Text(value)}</th>")) : "<th scope=\"col\">persons</th>";
        var rows = string.Concat(crosstab.Cells.GroupBy(cell => cell.Values[0]).Select(row => $"<tr><th scope=\"row\">{Text(row.Key)}</th>{string.Concat(row.Select(Cell))}</tr>\n"));
        var note = crosstab.SuppressedCells == 0 ? "" : $"<p>{crosstab.SuppressedCells} cells are withheld: they are about too few persons, or would give away one that is.</p>";
        return $"<section><div class=\"scroll\"><table><caption>Persons by {Text(string.Join(" and ", crosstab.By))}</caption><thead><tr><th scope=\"col\">{Text(Short(crosstab.By[0]))}</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}</section>";
    }

    private static string ReachBody(ReachResult reach)
    {
        var rows = string.Concat(reach.Frequencies.Select(each =>
            $"<tr><th scope=\"row\">{each.Times}{(each.OrMore ? " or more" : "")}</th><td>{(each.Persons is { } persons ? Number(persons) : "withheld")}</td></tr>\n"));
        return $"<section><h2>How often</h2>{FrequencyPlot(reach)}<div class=\"scroll\"><table><caption>Persons by number of contacts ({Text(reach.Column)})</caption><thead><tr><th scope=\"col\">contacts</th><th scope=\"col\">persons</th></tr></thead><tbody>{rows}</tbody></table></div></section>";
    }

    private string Provenance()
    {
        var versions = string.Concat(answer.DataVersions.Select(version => $"<dt>data: {Text(version.Key)}</dt><dd><code>{version.Value}</code></dd>\n"));
        var privacy = answer.Epsilon is { } epsilon
            ? string.Create(Culture, $"Every figure carries discrete Laplace noise (epsilon {epsilon} for the whole answer); it is part of the intervals.")
            : "Exact figures, as all members agreed.";
        return $"""
            <section class="provenance">
            <h2>Where this comes from</h2>
            <p>Signed inside the enclave. <code>guardian room verify</code> checks it offline: signature, quote, code, contract and data versions.</p>
            <dl>
            <dt>asked by</dt><dd>{Text(answer.Member)}, {answer.Instant.ToString("u", Culture)}</dd>
            <dt>rules</dt><dd>Nothing about fewer than {answer.MinimumAudience} persons, or about nearly the persons of an earlier answer. {privacy}</dd>
            <dt>contract</dt><dd>version {answer.ContractVersion}, <code>{answer.ContractHash}</code></dd>
            {versions}<dt>code</dt><dd><code>{statement.Quote.Report.MrEnclave}</code> (MRENCLAVE)</dd>
            <dt>root of trust</dt><dd>{Text(statement.Quote.RootName)}</dd>
            <dt>log entry</dt><dd><code>{answer.LogHash}</code></dd>
            </dl>
            </section>
            """;
    }

    private static string Text(string? text) => WebUtility.HtmlEncode(text ?? "");

    private static string Number(long number) => number.ToString("N0", Culture);

    private static string Short(string column) => column[(column.IndexOf('.', StringComparison.Ordinal) + 1)..];

    private const string Style = """
        :root { color-scheme: light dark; --ink: #16202b; --soft: #55616e; --paper: #ffffff; --line: #d7dde4; --band: #f3f6f9; --up: #0b6e4f; --down: #a4262c; --none: #55616e; --accent: #1f4e8c; --warn: #fff4d6; --alarm: #fde4e4; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e9eef3; --soft: #a9b4c0; --paper: #10161d; --line: #33404d; --band: #18212b; --up: #58c79b; --down: #ff8f8f; --none: #a9b4c0; --accent: #8db8f0; --warn: #3a3112; --alarm: #4a1f22; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
        h1 { font-size: 2.2rem; line-height: 1.15; margin: 0 0 .6rem; letter-spacing: -.01em; }
        h2 { font-size: 1.3rem; margin: 2.6rem 0 .8rem; }
        .eyebrow { margin: 0 0 .3rem; color: var(--accent); font-weight: 600; letter-spacing: .04em; }
        .lead { font-size: 1.2rem; margin: 0; max-width: 46rem; }
        .filters { color: var(--soft); }
        .notice { background: var(--warn); border-left: .3rem solid #b98900; padding: .7rem 1rem; border-radius: .3rem; margin: 1.2rem 0; }
        .notice.alarm { background: var(--alarm); border-color: var(--down); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin-top: 1.6rem; padding: 0; list-style: none; }
        .card { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.1rem; background: var(--band); }
        .card .what { color: var(--soft); margin: 0; }
        .card .figure { font-size: 1.7rem; font-weight: 650; margin: .1rem 0; font-variant-numeric: tabular-nums; }
        .card p { margin: 0; }
        .increase { color: var(--up); } .decrease { color: var(--down); } .notshown, .withheld { color: var(--none); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; margin: .6rem 0 0; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
        th, td { padding: .45rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th[scope=row], thead th:first-child { text-align: left; font-weight: 550; }
        thead th { color: var(--soft); font-weight: 550; }
        td.cell { background: color-mix(in srgb, var(--accent) calc(var(--share) * 35%), transparent); }
        td.withheld { font-style: italic; }
        figure { margin: .4rem 0 0; } figcaption { color: var(--soft); }
        svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
        svg .axis { stroke: var(--line); } svg .zero { stroke: var(--soft); stroke-dasharray: 4 3; } svg .bar { fill: var(--accent); }
        svg .increase { stroke: var(--up); fill: var(--up); } svg .decrease { stroke: var(--down); fill: var(--down); } svg .notshown, svg .withheld { stroke: var(--none); fill: var(--none); } svg .hollow { fill: var(--paper); }
        .provenance { border-top: 1px solid var(--line); margin-top: 3rem; color: var(--soft); } .provenance h2 { color: var(--ink); margin-top: 1.4rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 0; } dd { margin: 0; overflow-wrap: anywhere; } dt { font-weight: 550; }
        code { font: .88em ui-monospace, "SF Mono", Menlo, monospace; }
        @media print { main { max-width: none; padding: 0; } .card, .notice { break-inside: avoid; } }
        """;
}
