using System.Buffers.Binary;
using System.Numerics;
using Guardian.Refusals;
using Guardian.Sgx.Measurement;

namespace Guardian.Sgx.Gramine;

/// <summary>The values of a manifest that decide an enclave's layout.</summary>
/// <param name="Size">Bytes of the address range, a power of two (<c>sgx.enclave_size</c>).</param>
/// <param name="MaxThreads">The number of threads (<c>sgx.max_threads</c>).</param>
/// <param name="HasDynamicMemory">Whether pages are added while the enclave runs (<c>sgx.edmm_enable</c>).</param>
public readonly record struct GramineSettings(ulong Size, int MaxThreads, bool HasDynamicMemory);

/// <summary>
/// Measures an enclave of Gramine, as Gramine 1.9 lays it out: Gramine's platform layer with the manifest, and the structures of the
/// threads. The program and all its files follow from the manifest, which has their digests. Thread-safe.
/// </summary>
/// <remarks>
/// From the end of the address range downwards: the manifest and a zero byte; for all threads the state save areas, the thread control
/// structures, the thread-local data, the stacks and the stacks of signals; the platform layer. The rest, down to 64 KiB, is the heap,
/// whose pages are added without content, or not at all with dynamic memory.
/// </remarks>
public static class GramineLayout
{
    /// <summary>The largest enclave without dynamic memory, in bytes: each of its pages is measured.</summary>
    public const ulong MaxSize = EnclaveMeasurementLimits.MaxEnclaveSize;

    /// <summary>The largest enclave with dynamic memory, in bytes.</summary>
    public const ulong MaxDynamicSize = 1UL << 47;

    /// <summary>The largest number of threads that is measured.</summary>
    public const int MaxThreads = 4096;

    /// <summary>The largest manifest that is measured, in bytes.</summary>
    public const int MaxManifestSize = 64 * 1024 * 1024;

    // The platform layer of 1.9 has 0.4 MiB.
    private const ulong MaxLayerSize = 256 * 1024 * 1024;
    private const ulong PageSize = EnclaveMeasurement.PageSize;
    private const ulong HeapStart = 64 * 1024;
    private const uint FramePages = 4;
    private const ulong FrameSize = FramePages * PageSize;
    private const uint Frames = 2;
    private const ulong StackSize = 256 * 1024;
    private const ulong SignalStackSize = 64 * 1024;
    private const ulong RegistersSize = 184;
    private const ulong Canary = 0xBADBADBADBAD;
    private const PageFlags Data = PageFlags.Regular | PageFlags.Read | PageFlags.Write;

    /// <summary>Measures an enclave.</summary>
    /// <param name="manifest">The file <c>NAME.manifest.sgx</c>.</param>
    /// <param name="platformLayer">Gramine's <c>sgx/libpal.so</c>.</param>
    /// <param name="settings">What the manifest says about the layout.</param>
    /// <param name="measurement">Receives MRENCLAVE, or zeros when the files are refused.</param>
    /// <returns>Null, or a refusal. Never throws for any content.</returns>
    public static Refusal? TryMeasure(
        ReadOnlySpan<byte> manifest, byte[] platformLayer, GramineSettings settings, out MrEnclave measurement)
    {
        measurement = default;
        ArgumentNullException.ThrowIfNull(platformLayer);
        var limit = settings.HasDynamicMemory ? MaxDynamicSize : MaxSize;
        if (!BitOperations.IsPow2(settings.Size) || settings.Size > limit)
        {
            return Refuse($"its enclave has 0x{settings.Size:x} bytes; a size is a power of two, at most 0x{limit:x}");
        }
        if (settings.MaxThreads is < 1 or > MaxThreads || manifest.Length > MaxManifestSize)
        {
            return Refuse($"it has {settings.MaxThreads} threads and {manifest.Length} bytes; "
                + $"at most {MaxThreads} threads and {MaxManifestSize} bytes are measured");
        }
        if (ElfImage.TryRead(platformLayer) is not { Segments.Count: > 0 } image
            || image.Segments.Min(segment => segment.Address) >= PageSize
            || image.Segments.Aggregate(0UL, (sum, segment) => sum + segment.MemorySize) > MaxLayerSize)
        {
            return Refuse("Gramine's platform layer, sgx/libpal.so, is no shared object for x86-64 that begins at address 0");
        }
        var places = new Places(manifest.Length + 1, image, settings);
        if (!places.Fits)
        {
            return Refuse($"its enclave of 0x{settings.Size:x} bytes is too small for its {settings.MaxThreads} threads");
        }
        measurement = Measure(manifest, image, settings, places);
        return null;
    }

    private static MrEnclave Measure(ReadOnlySpan<byte> manifest, ElfImage image, GramineSettings settings, Places places)
    {
        using var measurement = new EnclaveMeasurement(settings.Size, FramePages);
        for (var start = 0UL; start < places.ManifestSize; start += PageSize)
        {
            var content = manifest[(int)Math.Min(start, (ulong)manifest.Length)..];
            measurement.AddMeasured(
                places.Manifest + start, PageFlags.Regular | PageFlags.Read, content[..Math.Min(content.Length, (int)PageSize)]);
        }
        AddZeros(measurement, places.Frames, places.Manifest - places.Frames);
        for (var thread = 0U; thread < settings.MaxThreads; thread++)
        {
            measurement.AddMeasured(places.Controls + (thread * PageSize), PageFlags.Tcs, MakeControl(thread, image, places));
        }
        for (var thread = 0U; thread < settings.MaxThreads; thread++)
        {
            measurement.AddMeasured(places.Locals + (thread * PageSize), Data, MakeLocal(thread, settings, places));
        }
        // The areas are placed one below the other, and measured in that order.
        for (var thread = 0U; thread < settings.MaxThreads; thread++)
        {
            AddZeros(measurement, places.StackOf(thread), StackSize);
        }
        for (var thread = 0U; thread < settings.MaxThreads; thread++)
        {
            AddZeros(measurement, places.SignalStackOf(thread), SignalStackSize);
        }
        AddSegments(measurement, image, places.Layer);
        for (var page = HeapStart; page < places.Layer && !settings.HasDynamicMemory; page += PageSize)
        {
            measurement.Add(page, Data | PageFlags.Execute);
        }
        return measurement.Finish();
    }

    private static void AddZeros(EnclaveMeasurement measurement, ulong start, ulong size)
    {
        for (var page = start; page < start + size; page += PageSize)
        {
            measurement.AddMeasured(page, Data, []);
        }
    }

    private static void AddSegments(EnclaveMeasurement measurement, ElfImage image, ulong start)
    {
        foreach (var segment in image.Segments)
        {
            var flags = SdkLoader.FlagsOf(segment);
            for (var page = segment.Address / PageSize * PageSize; page < RoundUp(segment.End); page += PageSize)
            {
                measurement.AddMeasured(start + page, flags, SdkLoader.PageOf(segment, image.Content(segment), page));
            }
        }
    }

    private static byte[] MakeControl(uint thread, ElfImage image, Places places)
    {
        var page = new byte[PageSize];
        Write(page, 16, places.FramesOf(thread));
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(28), Frames);
        Write(page, 32, unchecked(places.Layer + image.EntryPoint));
        Write(page, 56, places.Locals + (thread * PageSize));
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(64), 0xFFF);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(68), 0xFFF);
        return page;
    }

    private static byte[] MakeLocal(uint thread, GramineSettings settings, Places places)
    {
        var page = new byte[PageSize];
        var (stack, signals, frames) = (places.StackOf(thread), places.SignalStackOf(thread), places.FramesOf(thread));
        Write(page, 0, places.Locals + (thread * PageSize));
        Write(page, 8, Canary);
        Write(page, 0x110, settings.Size);
        Write(page, 0x118, places.Controls + (thread * PageSize));
        Write(page, 0x120, stack + StackSize);
        Write(page, 0x130, signals);
        Write(page, 0x138, signals + SignalStackSize);
        Write(page, 0x148, frames);
        Write(page, 0x150, frames + FrameSize - RegistersSize);
        Write(page, 0x1A0, (ulong)places.ManifestLength);
        Write(page, 0x1A8, HeapStart);
        Write(page, 0x1B0, places.Layer);
        return page;
    }

    private static void Write(byte[] page, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(offset), value);

    private static ulong RoundUp(ulong bytes) => (bytes + PageSize - 1) / PageSize * PageSize;

    private static Refusal Refuse(string problem) => SgxReasons.NoEnclave.Because(problem);

    // Offsets from the enclave's base.
    private sealed class Places
    {
        public Places(int manifestLength, ElfImage image, GramineSettings settings)
        {
            var threads = (ulong)settings.MaxThreads;
            (ManifestLength, ManifestSize) = (manifestLength, RoundUp((ulong)manifestLength));
            var layerSize = RoundUp(image.Segments.Max(segment => segment.End));
            var used = ManifestSize + (threads * ((GramineLayout.Frames * FrameSize) + (2 * PageSize) + StackSize + SignalStackSize))
                + layerSize;
            Fits = used <= settings.Size && settings.Size - used >= HeapStart;
            unchecked
            {
                Manifest = settings.Size - ManifestSize;
                Frames = Manifest - (threads * GramineLayout.Frames * FrameSize);
                Controls = Frames - (threads * PageSize);
                Locals = Controls - (threads * PageSize);
                SignalStacks = Locals - (threads * StackSize);
                Layer = SignalStacks - (threads * SignalStackSize) - layerSize;
            }
        }

        public bool Fits { get; }

        public int ManifestLength { get; }

        public ulong ManifestSize { get; }

        public ulong Manifest { get; }

        public ulong Frames { get; }

        public ulong Controls { get; }

        public ulong Locals { get; }

        public ulong Layer { get; }

        // The end of the highest stack of signals.
        private ulong SignalStacks { get; }

        public ulong FramesOf(uint thread) => Frames + (thread * GramineLayout.Frames * FrameSize);

        public ulong StackOf(uint thread) => Locals - ((thread + 1) * StackSize);

        public ulong SignalStackOf(uint thread) => SignalStacks - ((thread + 1) * SignalStackSize);
    }
}
