using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Matching;
using Guardian.CleanRoom.Privacy;
using Guardian.Wasi.Engine;
using Guardian.Wasi.Pure;

namespace Guardian.Bench.CleanRoom;

/// <summary>The cost of answers beyond a count: cells of segments and clusters, the auditor of exact rooms, and programs.</summary>
internal static class Costs
{
    // A room with a minimum audience of 100 and no noise.
    private const int SketchWords = 256;
    private const int InformationSets = 150;
    private const int ProgramRuns = 1_000;

    // Reads 16 bytes, and writes them again.
    private const string Copy =
        """
        (module
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 16))
            (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
        """;

    public static void Run(string directory, int rows, int rounds, int threads)
    {
        using var room = new Room(directory, rows, WorkingSet.FromMebibytes(8_192));
        room.Upload("a", new Table(rows, 0, 1));
        room.Upload("b", new Table(rows, rows / 2, 2));
        room.Receive();
        room.Ingest();
        var measure = new Rounds();
        measure.Add("count", () => room.Count(threads));
        measure.Add("lift: sums of one outcome by 10 arms", () => room.Sums(threads));
        measure.Add("by 10 segments: 100 cells", () => room.Sums(threads, 100));
        measure.Add("by 100 clusters: 1,000 cells", () => room.Sums(threads, 1_000));
        foreach (var sets in new[] { 128, 2_000 })
        {
            var auditor = new SetAuditor(SketchWords, InformationSets, residue => residue.Length == 0);
            for (var set = 0; set < sets; set++)
            {
                auditor.Add(RandomSet());
            }
            measure.Add($"auditor: one set after {sets:N0}", () => auditor.Allows(RandomSet(), new HashSet<string>()));
        }
        using var small = Compile(1_000);
        using var usual = Compile(20_000);
        measure.Add($"program: {ProgramRuns:N0} places with fuel 1,000", () => RunAll(small));
        measure.Add($"program: {ProgramRuns:N0} places with fuel 20,000", () => RunAll(usual));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows:N0} x {rows:N0} rows, {threads} threads"));
        measure.Run(rounds);
    }

    private static PersonSet RandomSet() => new(
        new SetSketch(MemoryMarshal.Cast<byte, ulong>(RandomNumberGenerator.GetBytes(SketchWords * sizeof(ulong))).ToArray()), "");

    private static PureProgram Compile(ulong fuel) =>
        PureProgram.Compile(WasmEngine.Assemble(Copy), new PureLimits(fuel, 1 << 20, 1)).Value!;

    private static void RunAll(PureProgram program)
    {
        Span<byte> input = stackalloc byte[16];
        Span<byte> output = stackalloc byte[16];
        for (var run = 0; run < ProgramRuns; run++)
        {
            program.Run(input, output);
        }
    }
}
