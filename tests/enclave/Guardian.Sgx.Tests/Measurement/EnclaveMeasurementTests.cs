using System.Buffers.Binary;
using Guardian.Sgx.Measurement;

namespace Guardian.Sgx.Tests.Measurement;

public class EnclaveMeasurementTests
{
    [Theory]
    [InlineData("synth_empty.sgxs", "9e197c8837c6d65632dbdd59cd7df4f1a25b68d8e4e5eb6ca3b20b05311fecb8")]
    [InlineData("synth_eadd_only.sgxs", "995c454650d39811c9c53e1af534aa6c34a496ce9302c34e0ced2c7a7e2c4103")]
    [InlineData("synth_partial.sgxs", "1f471b6814e9d7bfc736a16112a853bdb3f063563b89e279d66ade79b1a4a846")]
    [InlineData("synth_tcs.sgxs", "bfa40e160cba7db8ddb3cfd8b5ad1c1b1d620ba193757c7d95e555ac4bc31da8")]
    public void A_stream_of_records_measures_as_its_publisher_says(string file, string expected)
    {
        var stream = File.ReadAllBytes(Repository.File("tests", "vectors", "sgx", file));
        using var measurement = new EnclaveMeasurement(
            BinaryPrimitives.ReadUInt64LittleEndian(stream.AsSpan(12)), BinaryPrimitives.ReadUInt32LittleEndian(stream.AsSpan(8)));
        for (var position = 64; position < stream.Length;)
        {
            var record = stream.AsSpan(position, 64);
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(record[8..]);
            if (record.StartsWith("EADD"u8))
            {
                measurement.Add(offset, (PageFlags)BinaryPrimitives.ReadUInt64LittleEndian(record[16..]));
                position += 64;
            }
            else
            {
                Assert.True(record.StartsWith("EEXTEND"u8));
                measurement.Extend(offset, stream.AsSpan(position + 64, 256));
                position += 64 + 256;
            }
        }
        Assert.Equal(expected, measurement.Finish().ToString());
    }

    [Fact]
    public void A_measured_page_is_its_record_and_sixteen_chunks()
    {
        var content = new byte[300];
        new Random(3).NextBytes(content);
        using var whole = new EnclaveMeasurement(8192, 1);
        whole.AddMeasured(4096, PageFlags.Regular | PageFlags.Read, content);
        using var parts = new EnclaveMeasurement(8192, 1);
        parts.Add(4096, PageFlags.Regular | PageFlags.Read);
        var page = new byte[4096];
        content.CopyTo(page, 0);
        for (var chunk = 0; chunk < 16; chunk++)
        {
            parts.Extend(4096 + (256UL * (ulong)chunk), page.AsSpan(256 * chunk, 256));
        }
        Assert.Equal(parts.Finish(), whole.Finish());
    }

    [Fact]
    public void Files_measure_by_name_and_content_and_nothing_else()
    {
        using var one = new TemporaryFolder();
        using var other = new TemporaryFolder();
        foreach (var folder in new[] { one, other })
        {
            Directory.CreateDirectory(folder.File("sub"));
            folder.Write("sub/b.dll", "b");
            folder.Write("a.dll", "a");
        }
        other.Write("a.pdb", "symbols");
        File.SetLastWriteTimeUtc(other.File("a.dll"), DateTime.UnixEpoch);
        var measured = Measure(one);
        Assert.Equal(measured, Measure(other));
        other.Write("a.dll", "A");
        Assert.NotEqual(measured, Measure(other));
        other.Write("a.dll", "a");
        other.Write("c.json", "");
        Assert.NotEqual(measured, Measure(other));
        File.Delete(other.File("c.json"));
        File.Move(other.File("sub/b.dll"), other.File("b.dll"));
        Assert.NotEqual(measured, Measure(other));

        static MrEnclave Measure(TemporaryFolder folder) => EnclaveImage.FromFiles(folder.Path).Measure();
    }

    [Fact]
    public void A_file_that_is_loaded_on_demand_is_measured_by_its_digest_and_takes_two_pages()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("on-demand"));
        folder.Write("a.dll", "a");
        var without = EnclaveImage.FromFiles(folder.Path);
        File.WriteAllBytes(folder.File("on-demand/engine.so"), new byte[100_000]);
        var image = EnclaveImage.FromFiles(folder.Path);
        Assert.Equal(without.Pages.Count + 2, image.Pages.Count);
        // One other byte, at the end of the file, is another enclave.
        File.WriteAllBytes(folder.File("on-demand/engine.so"), [.. new byte[99_999], 1]);
        Assert.NotEqual(image.Measure(), EnclaveImage.FromFiles(folder.Path).Measure());
        Assert.NotEqual(image.Measure(), without.Measure());
        // Nor is a file with the digest as its content the same.
        File.WriteAllBytes(folder.File("on-demand/engine.so"), System.Security.Cryptography.SHA256.HashData(new byte[100_000]));
        Assert.NotEqual(image.Measure(), EnclaveImage.FromFiles(folder.Path).Measure());
    }
}
