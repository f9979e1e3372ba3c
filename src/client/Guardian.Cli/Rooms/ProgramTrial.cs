using System.Buffers.Binary;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Programs;
using Guardian.Refusals;
using Guardian.Wasi.Pure;

namespace Guardian.Cli.Rooms;

/// <summary>A trial of a program over made-up persons, before anyone signs.</summary>
/// <param name="Name">Its name in the contract.</param>
/// <param name="Persons">Made-up persons.</param>
/// <param name="Failed">Those whose run failed, so that they would add nothing.</param>
/// <param name="Clipped">Those whose parts exceed a cap, so that the room would clip them.</param>
/// <param name="MostFuel">The most fuel that a run used.</param>
/// <param name="Fuel">The fuel that it may use.</param>
internal sealed record ProgramTrial(string Name, int Persons, int Failed, int Clipped, ulong MostFuel, long Fuel)
{
    private const int Size = sizeof(long);

    // Each column has these cells in turn, at a step of its own, so that they meet in many combinations.
    private const int Kinds = 5;
    private const int Trials = 500;

    /// <summary>Runs the programs of a contract that lie beside it.</summary>
    /// <exception cref="RefusedException">A program is not the one of the contract, or does not run.</exception>
    public static IReadOnlyList<ProgramTrial> RunAll(RoomFile file) =>
    [
        .. file.Contract.Analyses.Programs.Where(program => File.Exists(file.ProgramPath(program.Name)))
            .Select(program => Run(file.Contract, program, File.ReadAllBytes(file.ProgramPath(program.Name)))),
    ];

    private static ProgramTrial Run(RoomContract contract, ProgramDesign design, byte[] wasm)
    {
        var compiled = RoomPrograms.Compile(design, wasm, threads: 1);
        using var program = compiled.Value ?? throw new RefusedException(compiled.Refusal!);
        List<Column> columns = [.. design.Inputs.Select(input => contract.FindDataSet(input.DataSet)!.FindColumn(input.Column)!)];
        var (failed, clipped, mostFuel) = (0, 0, 0UL);
        var (input, output) = (new byte[Size * columns.Count], new byte[Size * design.CellCount]);
        for (var trial = 0; trial < Trials; trial++)
        {
            for (var i = 0; i < columns.Count; i++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(input.AsSpan(i * Size), CellOf(columns[i], trial, i));
            }
            var outcome = program.Run(input, output);
            failed += outcome.End == PureEnd.Done ? 0 : 1;
            clipped += IsClipped(design, output) ? 1 : 0;
            mostFuel = Math.Max(mostFuel, outcome.Fuel);
        }
        return new ProgramTrial(design.Name, Trials, failed, clipped, mostFuel, design.Fuel);
    }

    private static long CellOf(Column column, int trial, int index)
    {
        var range = column.Maximum - column.Minimum;
        var turn = trial;
        for (var i = 0; i < index % 4; i++)
        {
            turn /= Kinds;
        }
        return ((turn + index) % Kinds) switch
        {
            0 => column.Minimum,
            1 => column.Maximum,
            2 => long.MinValue,
            3 => column.Minimum + (range / 2),
            _ => column.Minimum + (trial % (range + 1)),
        };
    }

    private static bool IsClipped(ProgramDesign design, byte[] output)
    {
        var next = 0;
        foreach (var figures in design.Outputs)
        {
            var left = (Int128)figures.Cap;
            for (var i = 0; i < figures.Cells.Count; i++)
            {
                var part = BinaryPrimitives.ReadInt64LittleEndian(output.AsSpan(next++ * Size));
                left -= part;
                if (part < 0 || left < 0)
                {
                    return true;
                }
            }
        }
        return false;
    }
}
