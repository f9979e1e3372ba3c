using System.Globalization;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Output;

namespace Guardian.Cli.Rooms;

/// <summary>Shows the programs of a contract, and their figures.</summary>
internal static class ProgramView
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>The programs that a contract allows, one line each.</summary>
    public static IEnumerable<string> Describe(RoomContract contract) => contract.Analyses.Programs.Select(program => string.Create(
        Culture,
        $"{program.Name} ({program.Digest[..12]}...) reads {string.Join(", ", program.Inputs)} of each matched person, "
        + $"gives {string.Join(", ", program.Outputs.Select(output => output.Name))}, and costs each of its data sets epsilon "
        + $"{program.Epsilon}"));

    /// <summary>Shows the figures of a program.</summary>
    public static void Show(TextOutput people, ProgramResult program, string filters, int minimumAudience)
    {
        people.WriteLine($"{program.Program} over {Format.Count(program.Persons, "person")}{filters}");
        foreach (var output in program.Outputs)
        {
            var table = new TextTable().AddTextColumns(output.Name).AddNumberColumns("value");
            foreach (var cell in output.Cells)
            {
                table.AddRow(cell.Name, cell.Value is { } value ? value.ToString("N2", Culture) : "withheld");
            }
            people.WriteTable(table);
            people.WriteLine(string.Create(
                Culture,
                $"within {output.Margin:N2} of the truth at 95 %; nobody adds more than {output.Cap:N2} to all of these together"));
        }
        if (program.Outputs.Any(output => output.Cells.Any(cell => cell.Value is null)))
        {
            people.WriteLine(
                $"a figure is withheld unless at least {minimumAudience} persons add to it: it must be at least as many times the cap");
        }
    }
}
