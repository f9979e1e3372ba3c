using System.Security.Cryptography;
using Guardian.Attestation.Launch;
using Guardian.Wasi;
using Guardian.Wasi.Engine;

namespace Guardian.Cli.Tests;

/// <summary>A program that its owner compiled to native code, which is measured together with its runtime.</summary>
public sealed partial class ConfidentialProgramTests
{
    [Fact]
    public async Task A_compiled_program_starts_attested_and_compiles_nothing()
    {
        var compiled = (await RunAsync("program", "compile", "note.wasm", "--output", "note", "--json")).Ends(0);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(program)), (string)compiled.Json["program"]!);
        Assert.Equal(EnclaveProcess.Measure(folder.File("note")).ToString(), (string)compiled.Json["mrEnclave"]!);
        (await RunAsync("program", "compile", "note.wasm", "--output", "note")).Ends(2).Says("exists");

        await CreateSessionAsync("notes", (string)compiled.Json["program"]!, mrEnclave: (string)compiled.Json["mrEnclave"]!);
        (await StartAsync("notes", "note", "one")).Ends(0);
        (await StartAsync("notes", "note")).Ends(0);
        Assert.False(Directory.Exists(folder.File(".local/state/guardian/enclave-modules")));

        // The session trusts this program's enclave, and not the runtime that runs any program.
        (await StartAsync("notes", "note.wasm")).Ends(125).Says("the caller's enclave is not");
        (await RunAsync("run", "--insecure-no-attestation", "note")).Ends(125);
        (await StartAsync("notes", "volumes")).Ends(125).Says("without a compiled program");
    }

    [Fact]
    public async Task An_image_is_compiled_with_its_files_which_the_host_cannot_change()
    {
        Directory.CreateDirectory(folder.File("files"));
        folder.Write("files/note", "from the image");
        // The file stands under /, not in the volume.
        await File.WriteAllBytesAsync(folder.File("read.wasm"), WasmEngine.Assemble(Note.Replace(
            "(i32.const 4) (i32.const 0) (i32.const 8)", "(i32.const 3) (i32.const 0) (i32.const 8)", StringComparison.Ordinal)));
        var packed = (await RunAsync("image", "pack", "read.wasm", "note.oci", "--files", "files", "--json")).Ends(0);
        var compiled = (await RunAsync("program", "compile", "note.oci", "--output", "note", "--json")).Ends(0);
        Assert.Equal((string)packed.Json["digest"]!, (string)compiled.Json["program"]!);
        Assert.Equal(EnclaveProcess.Measure(folder.File("note")).ToString(), (string)compiled.Json["mrEnclave"]!);
        await CreateSessionAsync(
            "notes", (string)compiled.Json["program"]!, "{encrypted: false}", (string)compiled.Json["mrEnclave"]!);
        Assert.Equal("from the image", (await StartAsync("notes", "note")).Ends(0).Output);

        // The host takes the files away, or brings others: another measurement, and no program without its files.
        var layout = Path.Combine(folder.File("note"), CompiledProgram.ImageFolder);
        Directory.Delete(layout, recursive: true);
        (await StartAsync("notes", "note")).Ends(125).Says("the caller's enclave is not");
        Directory.CreateDirectory(layout);
        (await StartAsync("notes", "note")).Ends(125).Says("no usable OCI image layout");
        folder.Write("files/note", "from the host.");
        (await RunAsync("image", "pack", "read.wasm", "other.oci", "--files", "files")).Ends(0);
        Copy(folder.File("other.oci"), layout);
        (await StartAsync("notes", "note")).Ends(125).Says("is not of this image");
    }

    [Fact]
    public async Task Native_code_of_a_tenant_gets_nothing_of_a_session_that_admits_the_runtime()
    {
        var digest = Convert.ToHexStringLower(SHA256.HashData(program));
        await CreateSessionAsync("victim", digest);
        (await StartAsync("victim", "note.wasm", "a secret")).Ends(0);

        // The attacker's code is not confined, and says that it is the victim's program.
        var code = CompiledProgram.Compile(WasmEngine.Assemble(Note.Replace("note", "evil", StringComparison.Ordinal))).Value!;
        Convert.FromHexString(digest).CopyTo(code, 16);
        (await RunAsync("program", "compile", "note.wasm", "--output", "evil")).Ends(0);
        await File.WriteAllBytesAsync(Path.Combine(folder.File("evil"), CompiledProgram.FileName), code);
        (await StartAsync("victim", "evil")).Ends(125).Says("the caller's enclave is not");

        // With a session that admits every enclave that says so, the attack succeeds. A session's volumes have keys of their own.
        Directory.Delete(folder.File("volumes"), recursive: true);
        await CreateSessionAsync("naive", digest, mrEnclave: EnclaveProcess.Measure(folder.File("evil")).ToString());
        (await StartAsync("naive", "evil", "mine")).Ends(0);
    }

    [Fact]
    public async Task A_session_is_drafted_and_filled_from_the_folder()
    {
        (await RunAsync("program", "compile", "note.wasm", "--output", "note")).Ends(0);
        (await RunAsync("session", "init", "note/", "--platform", "simulated", "--output", "draft.yaml")).Ends(0);
        var draft = await File.ReadAllTextAsync(folder.File("draft.yaml"), TestContext.Current.CancellationToken);
        var measurement = EnclaveProcess.Measure(folder.File("note")).ToString();
        Assert.Contains($"- mrenclave: [{measurement}]", draft, StringComparison.Ordinal);
        Assert.Contains("name: note\n", draft, StringComparison.Ordinal);
        var digest = Convert.ToHexStringLower(SHA256.HashData(program));
        folder.Write("filled.yaml", draft.Replace(measurement, "note", StringComparison.Ordinal).Replace(
            digest, "./note", StringComparison.Ordinal));
        (await RunAsync("session", "fill", "filled.yaml")).Ends(0);
        Assert.Equal(draft, await File.ReadAllTextAsync(folder.File("filled.yaml"), TestContext.Current.CancellationToken));
    }
}
