using System.Security.Cryptography;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>Data through the encrypted streams of a program.</summary>
public sealed partial class ConfidentialProgramTests
{
    private static byte[] Copier { get; } = WasmEngine.Assemble(CopierModule.Text);

    [Fact]
    public async Task Data_comes_back_as_it_went_in_binary_frames_or_in_lines_of_a_shared_carrier()
    {
        await File.WriteAllBytesAsync(folder.File("copy.wasm"), Copier);
        await CreateSessionAsync("copy", Convert.ToHexStringLower(SHA256.HashData(Copier)));
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        string[] run = [.. GuardianProgram.Command("Guardian.Cli", "guardian"), .. AttestedRun("copy", "copy.wasm")];
        var quoted = string.Join(' ', run.Select(word => $"'{word}'"));

        // The host keeps a copy of all that passes.
        var (status, received) = await AttachAsync(sent, "sh", "-c", $"{quoted} | tee carried");
        Assert.Equal((0, Convert.ToHexString(SHA256.HashData(sent))), (status, Convert.ToHexString(SHA256.HashData(received))));
        var carried = await File.ReadAllBytesAsync(folder.File("carried"));
        Assert.True(carried.AsSpan().IndexOf("\0gstd2"u8) > 0);
        Assert.InRange(carried.Length, sent.Length, sent.Length + (sent.Length / 20));
        Assert.True(carried.AsSpan().IndexOf(sent.AsSpan(1000, 16)) < 0);

        // A saved stream of binary frames is a log too.
        using var logs = GuardianProgram.Start(
            folder.Path, "Guardian.Cli", "guardian",
            ["logs", "copy/app", "carried", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated"]);
        Assert.Equal(sent, await ReadAsync(logs.StandardOutput.BaseStream));

        // Both streams in one pipe: large frames could be torn there.
        (status, received) = await AttachAsync(sent[..100_000], "sh", "-c", $"{quoted} 2>&1 | tee carried");
        Assert.Equal(0, status);
        Assert.Equal(sent[..100_000], received);
        Assert.True((await File.ReadAllBytesAsync(folder.File("carried"))).AsSpan().IndexOf("\0gstd2"u8) < 0);
    }

    private async Task<(int Status, byte[] Output)> AttachAsync(byte[] input, params string[] command)
    {
        using var attached = GuardianProgram.Start(
            folder.Path, "Guardian.Cli", "guardian",
            ["attach", "copy/app", "--cas", CasAddress, "--key", "owner.pem", "--platform", "simulated", "--", .. command]);
        var reading = ReadAsync(attached.StandardOutput.BaseStream);
        var errors = attached.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await attached.StandardInput.BaseStream.WriteAsync(input, TestContext.Current.CancellationToken);
        attached.StandardInput.Close();
        var output = await reading;
        await attached.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(attached.ExitCode == 0, await errors);
        return (attached.ExitCode, output);
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var output = new MemoryStream();
        await stream.CopyToAsync(output, TestContext.Current.CancellationToken);
        return output.ToArray();
    }
}
