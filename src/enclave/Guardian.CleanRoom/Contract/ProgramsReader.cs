using Guardian.Documents;

namespace Guardian.CleanRoom.Contract;

/// <summary>Reads the programs that a contract allows as analyses.</summary>
internal static class ProgramsReader
{
    private const int MaxPrograms = 8;
    private const int MaxInputs = 32;
    private const int MaxOutputs = 16;

    // Each cell is a figure with noise of its own.
    private const int MaxCells = 256;
    private const int MaxCellName = 64;
    private const int MaxPlaces = 6;

    // A person's part has as many bits as a column's cell, so no sum over 2^31 persons overflows.
    private const long MaxCap = uint.MaxValue;
    private const long DefaultFuel = 20_000;
    private const long MaxFuel = 10_000_000;
    private const long DefaultMemory = 2;
    private const long MaxMemory = 64;
    private const long Mebibyte = 1024 * 1024;

    public static IReadOnlyList<ProgramDesign> ReadAll(YamlMap analyses, IReadOnlyList<DataSet> dataSets)
    {
        var programs = new List<ProgramDesign>();
        if (!analyses.Has("programs"))
        {
            return programs;
        }
        foreach (var map in analyses.Maps("programs"))
        {
            var program = Read(map, dataSets);
            if (programs.Exists(other => other.Name == program.Name))
            {
                map.Report($"several programs are named '{program.Name}'");
            }
            programs.Add(program);
        }
        if (programs.Count is 0 or > MaxPrograms)
        {
            analyses.ReportAt("programs", $"'programs' lists 1 to {MaxPrograms}");
        }
        return programs;
    }

    /// <summary>Sets the prices, and reports programs of a room without noise.</summary>
    public static IReadOnlyList<ProgramDesign> Price(
        YamlMap contract, IReadOnlyList<ProgramDesign> programs, PrivacyRules rules, IReadOnlyList<DataSet> dataSets)
    {
        if (programs.Count > 0 && rules.Epsilon is null)
        {
            contract.ReportAt(
                "analyses",
                "'programs' need noise: a program can write one person's cells into a sum, and an exact sum would show them; "
                + "give 'noise: {epsilon: NUMBER}', or remove the programs");
            return programs;
        }
        return [.. programs.Select(program => program with
        {
            Epsilon = dataSets.Select(dataSet => dataSet.Rules.Epsilon).Append(program.Epsilon ?? rules.Epsilon).Min(),
        })];
    }

    private static ProgramDesign Read(YamlMap map, IReadOnlyList<DataSet> dataSets)
    {
        var digest = map.Text("digest");
        if (digest.Length > 0 && (digest.Length != 64 || !digest.All(char.IsAsciiHexDigitLower)))
        {
            map.ReportAt("digest", "a digest has 64 lower-case hex digits; sha256sum prints that of a file");
        }
        var program = new ProgramDesign
        {
            Name = ContractReader.ReadName(map, "name"),
            Digest = digest,
            Inputs = ReadInputs(map, dataSets),
            Outputs = ReadOutputs(map),
            Fuel = map.OptionalInteger("fuel", 1_000, MaxFuel) ?? DefaultFuel,
            MemorySize = (map.OptionalInteger("memory", 1, MaxMemory) ?? DefaultMemory) * Mebibyte,
            Epsilon = PrivacyReader.ReadEpsilon(map, "epsilon", PrivacyReader.GreatestEpsilon),
        };
        if (program.CellCount > MaxCells)
        {
            map.ReportAt("outputs", $"a program has at most {MaxCells} figures, not {program.CellCount}");
        }
        map.End();
        return program;
    }

    private static List<ColumnReference> ReadInputs(YamlMap map, IReadOnlyList<DataSet> dataSets)
    {
        var inputs = new List<ColumnReference>();
        foreach (var text in map.Texts("inputs"))
        {
            if (!ColumnReference.TryParse(text.Value, out var reference)
                || dataSets.FirstOrDefault(each => each.Name == reference!.DataSet)?.FindColumn(reference!.Column) is null)
            {
                text.Report($"'{text.Value}' in 'inputs' is no column of this contract; columns are written dataset.column");
            }
            else if (inputs.Contains(reference!))
            {
                text.Report($"'{text.Value}' occurs twice in 'inputs'");
            }
            else
            {
                inputs.Add(reference!);
            }
        }
        if (inputs.Count > MaxInputs || map.Texts("inputs").Count == 0)
        {
            map.ReportAt("inputs", $"'inputs' lists 1 to {MaxInputs} columns");
        }
        return inputs;
    }

    private static List<ProgramOutput> ReadOutputs(YamlMap map)
    {
        var outputs = new List<ProgramOutput>();
        foreach (var entry in map.Maps("outputs"))
        {
            var places = (int)(entry.OptionalInteger("places", 0, MaxPlaces) ?? 0);
            var scale = CellText.Power(places);
            var cap = entry.OptionalDecimal("cap", 1m / scale, (decimal)MaxCap / scale);
            if (!entry.Has("cap"))
            {
                entry.ReportMissing("cap");
            }
            else if (cap * scale is { } scaled && scaled != decimal.Truncate(scaled))
            {
                entry.ReportAt("cap", $"'cap' has more than the {places} decimal places of its figures");
            }
            var output = new ProgramOutput(ContractReader.ReadName(entry, "name"), ReadCells(entry), (long)((cap ?? 1) * scale), places);
            if (outputs.Exists(other => other.Name == output.Name))
            {
                entry.Report($"several outputs are named '{output.Name}'");
            }
            entry.End();
            outputs.Add(output);
        }
        if (outputs.Count is 0 or > MaxOutputs)
        {
            map.ReportAt("outputs", $"'outputs' lists 1 to {MaxOutputs}");
        }
        return outputs;
    }

    private static List<string> ReadCells(YamlMap output)
    {
        var cells = new List<string>();
        foreach (var text in output.Texts("cells"))
        {
            if (text.Value.Length is 0 or > MaxCellName || text.Value.Any(char.IsControl) || cells.Contains(text.Value))
            {
                text.Report($"a cell has a name of its own, of 1 to {MaxCellName} characters");
            }
            cells.Add(text.Value);
        }
        if (cells.Count == 0)
        {
            output.ReportAt("cells", "'cells' must name at least one figure");
        }
        return cells;
    }
}
