using System.Buffers;

namespace Automation.Mqtt.Client;

/// <summary>Packets that are sent together. What was written last can be taken back.</summary>
internal sealed class FrameBuffer : IBufferWriter<byte>
{
    private const int Usual = 16 * 1024;
    // What one large packet made the buffer grow to is not kept.
    private const int Kept = 128 * 1024;

    private byte[] _bytes = new byte[Usual];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Forgets what was written after <paramref name="length"/> bytes.</summary>
    public void Truncate(int length) => Length = length;

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > Kept)
            _bytes = new byte[Usual];
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(Length + count, _bytes.Length * 2));
    }
}
