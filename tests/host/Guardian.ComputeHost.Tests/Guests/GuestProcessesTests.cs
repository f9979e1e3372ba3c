using Guardian.ComputeHost.Guests;

namespace Guardian.ComputeHost.Tests.Guests;

public sealed class GuestProcessesTests : IDisposable
{
    private const string Instance = "8f5a9d2e-0000-4000-8000-000000000001";

    private readonly TemporaryFolder proc = new();

    public void Dispose() => proc.Dispose();

    [Theory]
    [InlineData("/dev/sgx_vepc")]
    [InlineData("/dev/sgx/virt_epc")]
    public void A_QEMU_that_maps_EPC_is_found_with_what_it_maps_and_when_it_started(string device)
    {
        Write("41", $"/usr/bin/qemu-system-x86_64\0-name\0guest=instance-1\0-uuid\0{Instance}\0", $"""
            7f0000000000-7f0000800000 rw-s 00000000 00:06 116                        {device}
            7f0001000000-7f0001800000 rw-s 00000000 00:06 116                        {device}
            7f0002000000-7f0003000000 rw-p 00000000 00:00 0
            """);

        var processes = new GuestProcesses(proc.Path);
        Assert.Equal([new GuestProcess(Guid.Parse(Instance), 41, 16, 1_234_560)], processes.List());
        Assert.Equal((41, 16 * 1024 * 1024), (processes.Find(Guid.Parse(Instance)), processes.ReadMapped(41)));
    }

    [Fact]
    public void What_is_no_guest_with_EPC_is_passed_over()
    {
        Write("42", $"qemu\0-uuid\0{Instance}\0", "7f0000000000-7f0000800000 rw-s 00000000 00:06 116 /dev/zero\n");
        Write("43", "qemu\0-uuid\0no identifier\0", "7f0000000000-7f0000800000 rw-s 00000000 00:06 116 /dev/sgx_vepc\n");
        Write("44", "qemu\0-uuid", "7f0000000000-7f0000800000 rw-s 00000000 00:06 116 /dev/sgx_vepc\n");
        Write("45", $"qemu\0-uuid\0{Instance}\0", "ffffffffffffffffff-0 rw-s 0 0 0 /dev/sgx_vepc\n");
        Directory.CreateDirectory(proc.File("46"));
        Directory.CreateDirectory(proc.File("self"));

        Write("47", $"qemu\0-uuid\0{Instance}\0", "7f0000000000-7f0000800000 rw-s 00000000 00:06 116 /dev/sgx_vepc\n", "47 (qemu) S 1");
        var processes = new GuestProcesses(proc.Path);
        Assert.Empty(processes.List());
        Assert.Null(processes.Find(Guid.NewGuid()));
        Assert.Null(processes.ReadMapped(46));
    }

    [Fact]
    public void A_QEMU_with_TDX_is_told_from_one_that_only_has_the_word_in_its_name()
    {
        Write("41", "qemu\0-object\0{\"qom-type\":\"tdx-guest\",\"id\":\"lsec0\"}\0", "");
        Write("42", "qemu\0-name\0guest=tdx-guest\0-object\0{\"qom-type\":\"memory-backend-ram\"}\0", "");
        var processes = new GuestProcesses(proc.Path);
        Assert.Equal((true, false, null), (processes.IsTdx(41), processes.IsTdx(42), processes.IsTdx(43)));
    }

    private void Write(string process, string arguments, string maps, string? stat = null)
    {
        Directory.CreateDirectory(proc.File(process));
        proc.Write($"{process}/cmdline", arguments);
        proc.Write($"{process}/maps", maps);
        proc.Write($"{process}/stat", stat ?? $"{process} (q) S emu) S 1 {string.Join(' ', Enumerable.Repeat("0", 17))} 123456 0 0\n");
    }
}
