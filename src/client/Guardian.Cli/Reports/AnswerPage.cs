using Guardian.Cli.Output;
using System.Text;
using Guardian.Attestation.Statements;
using Guardian.CleanRoom.Analyses;
using Guardian.Cli.Rooms;
using Guardian.Sgx;
using Guardian.Portal.Look;

namespace Guardian.Cli.Reports;

/// <summary>
/// An answer as one self-contained page: no script, no font, no picture from elsewhere. Every plot has its figures in a table beside it,
/// says in words what it shows, and tells nothing by colour alone.
/// </summary>
internal sealed class AnswerPage(Answer answer, VerifiedStatement statement)
{
    /// <summary>The costs of the campaign; null for none.</summary>
    public CampaignCosts? Costs { get; init; }

    /// <summary>Writes the page.</summary>
    public string Write() =>
        $$"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>{{Html.Encode(WriteTitle())}} - {{Html.Encode(answer.Room)}}</title>
        <style>
        {{PageStyle.Css}}
        </style>
        </head>
        <body>
        <main>
        {{WriteMain()}}
        </main>
        </body>
        </html>

        """;

    /// <summary>Writes the content alone, for a page that has the style sheet.</summary>
    public string WriteMain() =>
        $"""
        <header>
        <p class="eyebrow">{Html.Encode(answer.Room)}</p>
        <h1>{Html.Encode(WriteTitle())}</h1>
        <p class="lead">{WriteLead()}</p>
        {WriteFilters()}
        </header>
        {WriteWarnings()}
        {WriteBody()}
        {WriteProvenance()}
        """;

    private string WriteTitle() => answer.Question.Kind switch
    {
        QuestionKind.Lift => answer.Body is SegmentedLiftResult segmented
            ? $"For whom did the campaign work, by {Html.RemoveDataSet(segmented.By)}?"
            : "Did the campaign work?",
        QuestionKind.Reach => "Whom did the campaign reach?",
        QuestionKind.Program => $"The figures of {answer.Question.Program}",
        QuestionKind.Sum => $"How much is {Html.RemoveDataSet(((SumResult)answer.Body).Column)}?",
        QuestionKind.Crosstab => $"Who are they, by {string.Join(" and ", answer.Question.By.Select(Html.RemoveDataSet))}?",
        _ => "How many do we share?",
    };

    private string WriteLead()
    {
        if (answer.Body is LiftResult lift)
        {
            return LiftSection.WriteLead(lift);
        }
        if (answer.Body is SegmentedLiftResult segmented)
        {
            return SegmentSection.WriteLead(segmented);
        }
        var margin = answer.NoiseMargin is { } noise ? $", give or take {Html.Number(noise)} for privacy" : "";
        return answer.Body switch
        {
            OverlapResult overlap => $"{Html.Persons(overlap.Persons)} in all data sets{margin}.",
            SumResult sum =>
                $"<b>{Amount(sum.Sum)}</b> over {Format.Count(sum.Persons, "person")}, {Amount(sum.Mean)} each; nobody adds more than "
                + $"{Amount(sum.Cap)}.",
            ReachResult reach =>
                $"<b>{Html.Number(reach.Reached)}</b> of {Format.Count(reach.Persons, "person")}{ReachSection.WriteAverage(reach)}"
                + $"{margin}.",
            CrosstabResult crosstab => CrosstabSection.WriteLead(crosstab, margin),
            ProgramResult program =>
                $"{Html.Persons(program.Persons)} in all data sets{margin}; the program saw each of them alone.",
            _ => "",
        };
    }

    private string WriteFilters() => answer.Question.Where.Count == 0
        ? ""
        : $"""
            <p class="filters">Only where
                {string.Join(" and ", answer.Question.Where.Select(condition => $"<code>{Html.Encode(condition.ToString())}</code>"))}</p>
            """;

    private string WriteWarnings()
    {
        var warnings = new StringBuilder();
        if (statement.Quote.Platform == PlatformKind.Simulated)
        {
            warnings.AppendLine(
                """
                <p class="notice" role="note"><b>Simulated platform.</b> SGX's formats and checks, under a root of trust of its own, and
                    no protection: good for trying out.</p>
                """);
        }
        if (answer.Body is LiftResult { SampleRatio.IsMismatch: true } lift)
        {
            warnings.AppendLine(LiftSection.WriteMismatch(lift));
        }
        return warnings.ToString();
    }

    private string WriteBody() => answer.Body switch
    {
        LiftResult lift => LiftSection.Write(lift, Costs),
        SegmentedLiftResult segmented => SegmentSection.Write(segmented, answer.MinimumAudience),
        CrosstabResult crosstab => CrosstabSection.Write(crosstab),
        ReachResult reach => ReachSection.Write(reach),
        ProgramResult program => ProgramSection.Write(program),
        _ => "",
    };

    private string WriteProvenance()
    {
        var versions = string.Concat(
            answer.DataVersions.Select(version => $"<dt>data: {Html.Encode(version.Key)}</dt><dd><code>{version.Value}</code></dd>\n"));
        var privacy = answer.Epsilon is { } epsilon
            ? string.Create(Html.Culture,
                $"Every figure carries discrete Laplace noise (epsilon {epsilon} for the whole answer); it is part of the intervals.")
            : "Exact figures, as all members agreed.";
        return $"""
            <section class="provenance">
            <h2>Where this comes from</h2>
            <p>Signed inside the enclave. <code>guardian room verify</code> checks it offline: signature, quote, code, contract and data
                versions.</p>
            <dl>
            <dt>asked by</dt><dd>{Html.Encode(answer.Member)}, {answer.Instant.ToString("u", Html.Culture)}</dd>
            <dt>rules</dt><dd>Nothing about fewer than {answer.MinimumAudience} persons, or about nearly the persons of an earlier answer.
                {privacy}</dd>
            <dt>contract</dt><dd>version {answer.ContractVersion}, <code>{answer.ContractHash}</code></dd>
            {versions}<dt>code</dt><dd><code>{statement.Quote.Report.MrEnclave}</code> (MRENCLAVE)</dd>
            <dt>root of trust</dt><dd>{Html.Encode(statement.Quote.RootName)}, key <code>{statement.Quote.RootKeyHash}</code>
                ({(statement.Quote.IsRootIntel ? "Intel's" : "not Intel's")})</dd>
            <dt>log entry</dt><dd><code>{answer.LogHash}</code></dd>
            </dl>
            </section>
            """;
    }

    private static string Amount(double value) => value.ToString("N2", Html.Culture);
}
