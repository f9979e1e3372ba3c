using Guardian.CleanRoom.Analyses;

namespace Guardian.Cli.Reports;

/// <summary>The figures of a program, a table for each output.</summary>
internal static class ProgramSection
{
    public static string Write(ProgramResult program) => string.Concat(program.Outputs.Select(output => $"""
        <section>
        <h2>{Html.Encode(output.Name)}</h2>
        {Html.Table(
            $"Within {Amount(output.Margin)} of the truth at 95 %; nobody adds more than {Amount(output.Cap)} to all of them together",
            ["figure", "value"],
            output.Cells.Select(cell => Html.Row(
                Html.Encode(cell.Name), [Html.Cell(cell.Value is { } value ? Amount(value) : "withheld")])))}
        </section>

        """));

    private static string Amount(double value) => value.ToString("N2", Html.Culture);
}
