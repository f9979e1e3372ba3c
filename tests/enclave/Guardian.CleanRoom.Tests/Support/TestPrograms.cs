using System.Globalization;
using System.Security.Cryptography;
using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Privacy;
using Guardian.Wasi.Engine;

namespace Guardian.CleanRoom.Tests.Support;

/// <summary>Programs for rooms, in WebAssembly's text form: input 0 is at 1024, the next 8 bytes further; output 0 at 2048.</summary>
internal static class TestPrograms
{
    /// <summary>The columns that a test program reads.</summary>
    public const string Inputs = "campaign.arm, campaign.score, customers.spend, customers.age";

    private const int InputSize = 4 * 8;

    /// <summary>Assembles a program.</summary>
    /// <param name="body">Instructions between reading and writing.</param>
    /// <param name="figures">The numbers that it writes.</param>
    /// <param name="more">Globals and functions.</param>
    public static byte[] Assemble(string body, int figures, string more = "") => WasmEngine.Assemble(
        $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
          (memory (export "memory") 1)
          {{more}}
          (func $write (param $size i32)
            (i32.store (i32.const 0) (i32.const 2048)) (i32.store (i32.const 4) (local.get $size))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
          (func (export "_start")
            (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const {{InputSize}}))
            (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            {{body}}
            (call $write (i32.const {{8 * figures}}))))
        """);

    /// <summary>Loads an input.</summary>
    public static string Input(int index) => $"(i64.load (i32.const {1024 + (8 * index)}))";

    /// <summary>Stores an output.</summary>
    public static string Output(int index, string value) => $"(i64.store (i32.const {2048 + (8 * index)}) {value})";

    /// <summary>The number 1 for persons of an age, else 0.</summary>
    public static string IsAged(int age) => $"(i64.extend_i32_u (i64.eq {Input(3)} (i64.const {age})))";

    /// <summary>The change of a contract that adds a program.</summary>
    public static (string Old, string New) Allow(byte[] wasm, string outputs, string more = "") => (
        "  overlap: true\n",
        $$"""
          overlap: true
          programs:
            - name: test
              digest: {{Convert.ToHexStringLower(SHA256.HashData(wasm))}}
              inputs: [{{Inputs}}]
              outputs: [{{outputs}}]
              epsilon: 2{{more}}

        """);

    /// <summary>The change of a contract that adds noise.</summary>
    public static (string Old, string New) Noise { get; } = ("  noise: none\n", "  noise: {epsilon: 0.5}\n  budget: 20\n");

    /// <summary>Opens a room with a program.</summary>
    /// <param name="noise">The source of noise; null for one whose noise is always 0.</param>
    /// <param name="time">The clock; null for that of the system.</param>
    public static TestRoom Open(byte[] wasm, string outputs, IRandomBytes? noise = null, TimeProvider? time = null) => new(
        TestContract.Read(Allow(wasm, outputs), Noise), null, noise: noise ?? new NoNoise(), time: time,
        programs: new Dictionary<string, byte[]> { ["test"] = wasm });

    /// <summary>The question for the program.</summary>
    public static Question Ask { get; } = new() { Kind = QuestionKind.Program, Program = "test" };

    /// <summary>Finds a figure.</summary>
    public static double? Cell(ProgramResult result, string output, string cell) =>
        result.Outputs.Single(each => each.Name == output).Cells.Single(each => each.Name == cell).Value;

    /// <summary>Both draws of each noise are the same, so noise is 0.</summary>
    public sealed class NoNoise : IRandomBytes
    {
        public void Fill(Span<byte> bytes) => bytes.Fill(0x5A);
    }

    /// <summary>A number as WebAssembly's text.</summary>
    public static string Number(long value) => string.Create(CultureInfo.InvariantCulture, $"(i64.const {value})");
}
