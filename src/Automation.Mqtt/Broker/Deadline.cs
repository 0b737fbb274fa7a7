using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>A callback at a tick; see <see cref="ITimed"/>. Cancelled, it lets go of what it would have called.</summary>
internal sealed class Deadline(Func<long, long> onTick) : ITimed
{
    private Func<long, long>? _onTick = onTick;

    public void Cancel() => Volatile.Write(ref _onTick, null);

    public long OnTick(long now) => Volatile.Read(ref _onTick)?.Invoke(now) ?? TimerWheel.Never;
}
