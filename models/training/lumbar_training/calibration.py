"""Temperature, thresholds and the indeterminate band, all chosen on the validation split."""
import numpy as np


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (n, k)."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood."""
    return float(-np.log(np.maximum(probabilities[np.arange(len(labels)), labels], 1e-12)).mean())


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature in [0.2, 5] with the least log loss (Guo et al., ICML 2017), by golden section."""
    low, high = np.log(0.2), np.log(5.0)
    golden = (np.sqrt(5) - 1) / 2

    def cost(x):
        return log_loss(softmax(logits, np.exp(x)), labels)

    for _ in range(60):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if cost(left) < cost(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """ECE of the most probable class over equal-width bins (Naeini et al., AAAI 2015)."""
    confidence, hit = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(hit[place == b].mean() - confidence[place == b].mean()) * (place == b).mean()
            for b in range(bins) if (place == b).any()]
    return float(sum(gaps))


def choose_threshold(probability: np.ndarray, present: np.ndarray) -> float:
    """Threshold of one finding with the best Youden index (sensitivity + specificity - 1).

    Looked for between 0.35 and 0.65 and rounded to 0.01: beyond that a call
    would contradict the most probable class more often than users accept.
    """
    best, chosen = -1.0, 0.5
    for threshold in sorted(np.round(np.arange(0.35, 0.651, 0.01), 2), key=lambda t: abs(t - 0.5)):
        called = probability >= threshold
        youden = called[present].mean() + (~called[~present]).mean() - 1 if present.any() else 0.0
        if youden > best + 1e-9:
            best, chosen = youden, float(threshold)
    return chosen


def choose_band(probability: np.ndarray, present: np.ndarray, threshold: float) -> float:
    """Lower end of the indeterminate band below ``threshold``.

    From there up at least a tenth of the images below the threshold do have
    the finding; kept between a third of the threshold and 0.05 below it.
    """
    for low in np.round(np.arange(threshold / 3, threshold - 0.05, 0.01), 2):
        inside = (probability >= low) & (probability < threshold)
        if inside.sum() >= 5 and present[inside].mean() >= 0.1:
            return float(low)
    return round(threshold - 0.15, 2)
