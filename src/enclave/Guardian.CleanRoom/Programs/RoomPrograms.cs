using System.Security.Cryptography;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.Refusals;
using Guardian.Wasi.Pure;

// Rooms run on Linux; partners use the other types of this library anywhere.
#pragma warning disable CA1416

namespace Guardian.CleanRoom.Programs;

/// <summary>The programs of a contract, compiled.</summary>
public sealed class RoomPrograms : IDisposable
{
    private readonly Dictionary<string, RoomProgram> programs = [];

    private RoomPrograms()
    {
    }

    /// <summary>Checks a program against the contract, and compiles it.</summary>
    /// <param name="design">The program in the contract.</param>
    /// <param name="wasm">The module; the host may have given any bytes.</param>
    /// <param name="threads">The most runs at one time.</param>
    /// <returns>The program, which the caller disposes, or the reason why it does not run.</returns>
    public static Outcome<PureProgram> Compile(ProgramDesign design, ReadOnlySpan<byte> wasm, int threads)
    {
        ArgumentNullException.ThrowIfNull(design);
        var digest = Convert.ToHexStringLower(SHA256.HashData(wasm));
        return digest == design.Digest
            ? PureProgram.Compile(wasm, new PureLimits((ulong)design.Fuel, design.MemorySize, threads))
            : RoomReasons.WrongProgram.Because($"the members approved '{design.Name}' with the digest {design.Digest}, not {digest}");
    }

    /// <summary>Compiles the programs of a contract.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="modules">The modules by name.</param>
    /// <param name="threads">The most runs at one time.</param>
    /// <exception cref="RefusedException">A program is missing, is another one, or does not run here.</exception>
    internal static RoomPrograms Open(RoomContract contract, IReadOnlyDictionary<string, byte[]> modules, int threads)
    {
        var opened = new RoomPrograms();
        foreach (var design in contract.Analyses.Programs)
        {
            var program = modules.TryGetValue(design.Name, out var wasm)
                ? Compile(design, wasm, threads)
                : RoomReasons.WrongProgram.Because($"the program '{design.Name}' is missing");
            if (program.Value is null)
            {
                opened.Dispose();
                throw new RefusedException(program.Refusal!);
            }
            var columns = design.Inputs.Select(input => contract.FindDataSet(input.DataSet)!.FindColumn(input.Column)!);
            opened.programs[design.Name] = new RoomProgram(program.Value, design, [.. columns]);
        }
        return opened;
    }

    /// <summary>Finds a program of the contract.</summary>
    internal RoomProgram Find(string name) => programs[name];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var program in programs.Values)
        {
            program.Dispose();
        }
    }
}
