using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Guardian.Cli.Tests.Support;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>A room whose contract names a program.</summary>
public sealed partial class ProgramRoomFixture : RoomFixture
{
    /// <summary>Counts persons by region, and sums what they spent, up to 5.00 each.</summary>
    internal static byte[] Wasm { get; } = WasmEngine.Assemble(
        """
        (module
          (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start") (local $south i64)
            (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 16))
            (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
            (local.set $south (i64.extend_i32_u (i64.eq (i64.load (i32.const 1024)) (i64.const 1))))
            (i64.store (i32.const 2048) (i64.sub (i64.const 1) (local.get $south)))
            (i64.store (i32.const 2056) (local.get $south))
            (i64.store (i32.const 2064) (i64.load (i32.const 1032)))
            (i32.store (i32.const 0) (i32.const 2048)) (i32.store (i32.const 4) (i32.const 24))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))
        """);

    protected override string Edit(string contract)
    {
        System.IO.File.WriteAllBytes(File("room.yaml.buyers.wasm"), Wasm);
        return MaxRows().Replace(contract, "max_rows: 4000")
            .Replace("    max_changes: 10000\n", "", StringComparison.Ordinal)
            .Replace("noise: none", "noise: {epsilon: 0.1}", StringComparison.Ordinal)
            .Replace(
                "analyses:\n",
                $$"""
                analyses:
                  programs:
                    - name: buyers
                      digest: {{Convert.ToHexStringLower(SHA256.HashData(Wasm))}}
                      inputs: [customers.region, customers.spend]
                      outputs:
                        - {name: persons, cells: [North, South], cap: 1}
                        - {name: spend, cells: [all], cap: 5, places: 2}
                      epsilon: 1.5

                """,
                StringComparison.Ordinal);
    }

    [GeneratedRegex("max_rows: [0-9]+")]
    private static partial Regex MaxRows();
}

/// <summary>A program of the members, from the contract to its figures.</summary>
[Trait("Starts", "processes")]
public sealed class RoomProgramTests(ProgramRoomFixture room) : IClassFixture<ProgramRoomFixture>
{
    [Fact]
    public async Task Members_check_a_program_and_ask_it()
    {
        Assert.Contains(
            "\nguardian room check room.yaml\n",
            await File.ReadAllTextAsync(Repository.File("docs", "how-to", "bring-your-analysis.md")), StringComparison.Ordinal);
        var check = (await room.RunAsync("room", "check", "room.yaml")).Ends(0).Output;
        Assert.Contains("reads customers.region, customers.spend of each matched person", check, StringComparison.Ordinal);
        Assert.Contains("of 500 made-up persons, 0 failed", check, StringComparison.Ordinal);
        var trial = (await room.RunAsync("room", "check", "room.yaml", "--json")).Ends(0).Json["programs"]![0]!;
        Assert.Equal(("buyers", 0, 20_000), ((string)trial["name"]!, (int)trial["failed"]!, (int)trial["fuel"]!));
        Assert.InRange((int)trial["mostFuel"]!, 10, 200);

        (await room.AsAsync("agency", "upload", "--dataset", "campaign", "--data", "campaign.csv")).Ends(0);
        (await room.AsAsync("retailer", "upload", "--dataset", "customers", "--data", "customers.csv")).Ends(0);
        Assert.Contains(
            "a figure of spend", (await room.AsAsync("agency", "ask", "program", "--dry-run")).Ends(0).Output, StringComparison.Ordinal);
        var answer = (await room.AsAsync(
            "agency", "ask", "program", "--program", "buyers", "--output", "buyers.jws", "--csv", "buyers.csv", "--html", "buyers.html",
            "--json")).Ends(0).Json["program"]!;
        // Every second customer is in the campaign. Noise of 0.5 for each of three figures: 30 and 150 are many times its scale.
        var matched = Enumerable.Range(0, RoomFixture.Persons).Where(i => i % 2 == 0).ToList();
        Assert.InRange((int)answer["persons"]!, matched.Count - 30, matched.Count + 30);
        var figures = answer["outputs"]!.AsArray().SelectMany(output => output!["cells"]!.AsArray())
            .Select(cell => (double)cell!["value"]!).ToList();
        Assert.InRange(figures[0], matched.Count(i => i % 3 == 0) - 30, matched.Count(i => i % 3 == 0) + 30);
        Assert.InRange(figures[1], matched.Count(i => i % 3 != 0) - 30, matched.Count(i => i % 3 != 0) + 30);
        var spend = matched.Sum(i => Math.Min(5, (i % 7) + 0.5));
        Assert.InRange(figures[2], spend - 150, spend + 150);
        Assert.Contains(
            "South", (await room.RunAsync("room", "verify", "buyers.jws", "--contract", "room.yaml")).Ends(0).Output,
            StringComparison.Ordinal);
        Assert.StartsWith("output,figure,value,margin,cap\r\npersons,North,", await File.ReadAllTextAsync(room.File("buyers.csv")),
            StringComparison.Ordinal);
        Assert.Contains("nobody adds more than 5.00", await File.ReadAllTextAsync(room.File("buyers.html")), StringComparison.Ordinal);
        (await room.AsAsync("agency", "ask", "program", "--program", "other")).Ends(1).Says("buyers");
    }

    [Fact]
    public async Task Another_module_is_refused_before_anyone_signs()
    {
        var path = room.File("room.yaml.buyers.wasm");
        var wasm = await File.ReadAllBytesAsync(path);
        try
        {
            await File.WriteAllBytesAsync(path, [.. wasm, 0]);
            (await room.RunAsync("room", "check", "room.yaml")).Ends(1).Says("the members approved 'buyers' with the digest");
        }
        finally
        {
            await File.WriteAllBytesAsync(path, wasm);
        }
    }
}
