using System.Collections;
using System.Globalization;
using System.Text.Json;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Files.Native;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Native;

/// <summary>Starts a packed program by Gramine: in an enclave, or without one, where the platform is simulated.</summary>
internal static class NativeRun
{
    private const string EnclaveDevice = "/dev/sgx_enclave";

    /// <summary>Becomes Gramine, which has this process's number, streams and signals from then on.</summary>
    /// <param name="pack">The pack's folder.</param>
    /// <param name="cas">The address or name of the CAS; null for the pack's.</param>
    /// <param name="casWait">How many seconds to wait for it.</param>
    /// <param name="replica">The number of the replica, or null.</param>
    /// <param name="startToken">The file of the start's token, or null.</param>
    /// <param name="arguments">The host's arguments for the program.</param>
    /// <returns>Never.</returns>
    /// <exception cref="RefusedException">The program cannot be started.</exception>
    public static int Run(
        string pack, string? cas, int casWait, string? replica, string? startToken, IReadOnlyList<string> arguments)
    {
        var file = ReadPack(pack);
        var isHardware = File.Exists(EnclaveDevice);
        var name = isHardware ? GramineInstallation.Sgx : GramineInstallation.Direct;
        var gramine = GramineInstallation.FindProgram(name) ?? throw CliReasons.NotInstalled.Refuse(
            isHardware
                ? $"this machine has SGX, and {name} is not in the path"
                : $"this machine has no SGX ({EnclaveDevice}), and {name}, the simulated platform, is not in the path",
            "install Gramine 1.9: gramine.readthedocs.io");
        foreach (var volume in file.Volumes)
        {
            Directory.CreateDirectory(Path.Combine(pack, "volumes", volume, "main"));
            Directory.CreateDirectory(Path.Combine(pack, "volumes", volume, "spare"));
        }
        Directory.CreateDirectory(Path.Combine(pack, "state"));
        var target = cas is null ? new Uri(file.Cas)
            : CasTarget.Read(cas) is { Target: { } named } ? named.Address
            : throw CliReasons.Usage.Refuse($"'{cas}' is no address of a CAS");
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "");
        var choices = new HostChoices(
            target.ToString(), casWait.ToString(CultureInfo.InvariantCulture), replica,
            startToken is null ? null : InputFile.ReadText(startToken).Trim(), arguments, variables);
        if (!isHardware)
        {
            Console.Error.WriteLine("guardian: the platform is SIMULATED: gramine-direct protects nothing from those who run this machine");
        }
        Environment.CurrentDirectory = pack;
        throw ProcessImage.Replace(
            gramine, [gramine, PackWriter.Name],
            variables.Where(variable => variable.Key is "PATH" or "HOME").Select(variable => $"{variable.Key}={variable.Value}")
                .Append($"GUARDIAN_HOST={JsonSerializer.Serialize(choices, NativeJson.Default.HostChoices)}"));
    }

    private static PackFile ReadPack(string pack)
    {
        var path = Path.Combine(pack, "pack.json");
        try
        {
            if (File.Exists(path) && JsonSerializer.Deserialize(InputFile.ReadBytes(path), NativeJson.Default.PackFile) is { } read)
            {
                return read;
            }
        }
        catch (JsonException)
        {
            // The refusal below covers every kind of malformed file.
        }
        throw CliReasons.NotAProgram.Refuse($"{pack} is no packed program", "make one: guardian native pack");
    }
}
