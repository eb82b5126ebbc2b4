"""`SampleSizeEstimator`: the question as a scikit-learn estimator."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, ClassVar

from sklearn.base import BaseEstimator, MetaEstimatorMixin

from sufficient.estimator.fitting import FittingMixin
from sufficient.estimator.labelling import LabellingMixin
from sufficient.estimator.reporting import ReportMixin
from sufficient.estimator.saving import SavedToFolderMixin
from sufficient.settings import Settings, constraints_of, parameter
from sufficient.typing import Encoder, Net, RandomState

__all__ = ["SampleSizeEstimator"]


@dataclass(kw_only=True, eq=False, repr=False)
class SampleSizeEstimator(
    FittingMixin,
    LabellingMixin,
    ReportMixin,
    SavedToFolderMixin,
    MetaEstimatorMixin,
    BaseEstimator,
    Settings,
):
    r"""Find how much training data a network needs, and whether there is enough.

    The training set grows. At chosen sizes a fresh net is trained to its optimum,
    scored on held-out samples, and the loss landscape around its weights is measured.
    Two answers come out of it:

    - *The score.* A Bayesian model of the learning curve tells what more data should
      add: `probability_sufficient_` is the probability that doubling the data adds less
      than `min_gain`. Beside it stands what twice the training steps add, so that a
      lack of training is not taken for a lack of data. `verdict_` joins them.
    - *The landscape.* From :math:`k^*` batches on, one more batch changes the loss by
      less than `tol`:

      .. math::

          \Delta_k = E_\theta \bigl( L_{k+1}(w + P\theta) - L_k(w + P\theta)
          \bigr)^2 < \text{tol} \quad \text{for all } k \ge k^*,

      where :math:`L_k` is the mean loss over the first k batches, w the weights trained
      on them, P the `n_directions` leading eigenvectors of the Hessian of :math:`L_k`
      and :math:`\theta \sim N(0, \sigma^2 I)`. It is a statement of its own.

    Parameters
    ----------
    estimator : skorch net, torch module or class, "mlp", "cnn" or None, default=None
        What to train: a torch module, which `sufficient.nets.default_net` wraps with
        the criterion that the targets ask for, or a `skorch.NeuralNetClassifier` or
        `skorch.NeuralNetRegressor` around one, cloned and never modified. "mlp" and
        None are a network with hidden layers of 128 and 64 units, "cnn" a small
        convolutional one for square images of one or three channels, which may be flat
        rows; both standardise X inside. Modules and names classify, or learn fractions
        as numbers, or rows of 0 and 1 as several labels; None classifies. Pass a net to
        tune its parameters. A module that takes `n_inputs` or `n_outputs` gets them
        from the data. With a criterion for several labels per sample, such as
        `torch.nn.BCEWithLogitsLoss`, y may be rows of 0 and 1; a plain
        `skorch.NeuralNet` will do there, too.
    tol : float, default=0.025
        Tolerance of :math:`\Delta_k`, in squared units of the loss.
    batch_size : int or "auto", default="auto"
        Samples in a batch. "auto" is 64, or fewer where that leaves less than eight
        batches. It sets the grain of the search only: the batch whose arrival
        :math:`\Delta_k` measures always has 64 samples, as in the papers, so that the
        answer in samples does not depend on b.
    n_directions : int, default=10
        Leading eigenvectors d that span the plane of displacements.
    sigma : float or "auto", default=1.0
        Standard deviation of the displacement. "auto" makes the second-order model
        rise by 0.1 loss units on average, where it is still accurate; `tol` then wants
        to be about 1e-4.
    bound : {"projected", "eigenvalue", "monte_carlo"}, default="projected"
        What is compared with `tol`. "projected" is the second-order model of
        :math:`\Delta_k`, averaged over the batch that comes next; "monte_carlo" the
        same for the real loss, which is the definition itself; "eigenvalue" the formula
        of paper B, which knows the eigenvalues only and is no upper bound.
    n_monte_carlo : int, default=64
        Displacements drawn for the real loss; the same at every size.
    training : {"converged", "update", "restart", "full"}, default="converged"
        "converged" trains a fresh net at every measured size until its loss on held-out
        samples no longer falls; a net with callbacks of its own, such as a learning-
        rate schedule, for its own `max_epochs`. "update" keeps training one net on the
        grown set, as the papers do; "restart" fits a fresh net for its own `max_epochs`
        at every measured size; "full" trains once on all data and looks at growing
        subsets from there, with the held-out part as the only fresh samples.
    stop : {"answer", "landscape", "never"}, default="answer"
        When to stop growing: once landscape *and* score are known to be enough, once
        the landscape is (Algorithm 1 of paper B), or at the end of the data.
    refit : bool, default=True
        After stopping early, train and measure once more on all the data, so that
        verdict, forecast and `estimator_` belong to all of it.
    scoring : str, callable or None, default=None
        What the score is, as in `sklearn.model_selection.cross_val_score`: the name of
        a scorer, or a function of estimator, X and y; larger is better. None is the
        accuracy, or the coefficient of determination.
    parameters : str, sequence of str or None, default=None
        Train only parameters whose names match one of these patterns, such as
        ``head.*`` or ``*lora*``, and measure the landscape along them. The others stay
        as the module has them. None takes all that the module does not freeze itself
        (``requires_grad=False``).
    min_gain : float, default=0.01
        Gain in validation score from doubling the data that is worth more data, in the
        unit of the score.
    try_wider : bool, default=False
        Whether to measure, at the last size, what a net twice as wide would add.
    patience : int, default=2
        Measured sizes in succession at which the smoothed curve must be below `tol`.
    validation_fraction : float or "auto", default="auto"
        Share held out. "auto" holds out 1,024 samples, but no less than a tenth and no
        more than a fifth of the data, and 10,000 at most.
    schedule : "geometric", "all", float or sequence of int, default="geometric"
        Where to measure, in batches. "geometric" grows by about a factor (1.41 from 64
        samples on; with other training 1.13 from 256 on), a float by that factor, "all"
        is after every batch, a sequence at the counts given.
    update_epochs : int, default=20
        With ``training="update"``, every new batch is followed by as many optimiser
        steps as this many passes over it take, on minibatches of the whole grown set.
    n_fresh : int, default=2048
        Untrained samples over which expectations are taken, at most.
    n_candidates : int, default=4
        Candidate next batches over which the eigenvalue formula is averaged; 1 is
        paper B to the letter.
    eigen_tol : float, default=1e-3
        Certified relative error of the eigenvalues.
    device : str or None, default=None
        Where to compute, such as "cuda". None keeps the device of a net that is given,
        and takes CUDA for the default ones where there is one.
    encoder : transformer, "auto" or None, default="auto"
        Makes numbers of X. A transformer of scikit-learn or skrub is cloned and fitted
        to the samples that are not held out. "auto" does that with data frames that
        have texts, categories, dates or missing values: numbers are standardised,
        missing ones imputed, the rest is encoded by `skrub.TableVectorizer`. Other X
        are taken as they are, and None takes all X so.
    checkpoint : str, path-like or None, default=None
        Folder in which `fit` keeps its state after every measured size. A fit that was
        killed goes on from there when it is started again with the same data and
        parameters; a complete one answers at once. `partial_fit` does not use it.
    random_state : int, RandomState instance or None, default=None
        Determines the order of the samples, the initial weights and all draws. The
        caller's random state is not touched.
    verbose : int, default=0
        Above 0, show a progress bar.

    Attributes
    ----------
    verdict_ : str
        "sufficient", "more data helps", "cannot tell yet", "train longer first" or "has
        not learnt".
    probability_sufficient_ : float
        Probability that doubling the data adds less than `min_gain` to the score.
    limited_by_ : str
        What holds the score back: "data", "training", "net" or some of them.
    gain_from_data_, gain_from_training_, gain_from_width_ : Gain
        What doubling the data, the training steps or the width would add: `expected`
        and its 90 % `interval`; NaN where not measured.
    expected_gain_, expected_gain_interval_ : float, tuple of (float, float)
        The two parts of `gain_from_data_`.
    score_forecast_ : ScoreForecast or None
        The learning curve beyond the data.
    loss_forecast_ : ScoreForecast or None
        The same for the negative held-out loss, whose logits are divided by the
        temperature that suits the held-out samples best.
    prediction_agreement_ : float
        Agreement of the last net with the one before on held-out samples, or those of
        `X_unlabelled`: Cohen's kappa, or of numbers the concordance; NaN of one net.
    predictions_stable_ : bool
        Whether it was 0.99 or more on average over the last three sizes.
    class_scores_ : ndarray of shape (n_sizes, n_classes) or None
        Recall of each class of `classes_` at every size, the share of its held-out
        samples that are right; with several labels per sample, F1 of each. NaN where no
        held-out sample has the class; None for regression.
    class_gains_ : tuple of Gain or None
        What twice the data should add to its last row, from a forecast of each class
        with its own number of held-out samples. Computed when it is first read.
    bin_edges_ : ndarray of shape (n_bins + 1,)
        Where the range of one numeric target is cut into bins that hold about a quarter
        of the samples each; infinite at both ends. Regressors only.
    bin_scores_, bin_gains_ : ndarray of shape (n_sizes, n_bins), tuple of Gain
        The same of each bin: 1 minus its mean squared error over the variance of all
        held-out targets. None for several targets, and for classification.
    n_train_ : int
        Samples at hand for training.
    n_waiting_ : int
        Samples given to `partial_fit` that wait until they are a batch.
    k_star_ : int or None
        Batches from which the landscape is stable; None where not reached.
    n_samples_star_ : int or None
        The same in training samples. The held-out ones come on top.
    converged_ : bool
        Whether it was reached.
    n_samples_needed_ : int or None
        Training samples needed: `n_samples_star_`, or a forecast where not reached.
        None beyond 16 times the data.
    n_samples_needed_interval_ : tuple of (int, int or None)
        Its 90 % interval; None is no upper limit.
    batch_counts_, train_sizes_ : ndarray of shape (n_sizes,)
        Measured sizes in batches and in samples.
    delta_curve_, delta_std_err_ : ndarray of shape (n_sizes,)
        :math:`\Delta_k` of the real loss and its standard error, in squared loss
        units, for 64 more samples.
    bound_curve_, bound_std_err_ : ndarray of shape (n_sizes,)
        The quantity chosen by `bound`, which the stopping rule reads.
    eigenvalues_ : ndarray of shape (n_sizes, n_directions)
        Leading Hessian eigenvalues.
    plateau_ : EigenvaluePlateau
        The papers' other criterion, for comparison: `batch_count` and `n_samples` from
        which one more batch shifts the leading eigenvalues by less than 1 %. It decides
        nothing.
    curves_ : dict of str to ndarray of shape (n_sizes,)
        Every quantity at every size, ready for ``pandas.DataFrame``; the page
        "The columns of ``curves_``" lists the names.
    rate_ : float
        Exponent of the local power law of the bound in the last sizes.
    score_curve_ : ndarray of shape (n_sizes,)
        Validation score by `scoring`.
    generalization_gap_ : float
        Training score minus validation score at the last size.
    estimator_ : skorch net
        The net trained at the last size: on all the data, unless `refit` is False.
    encoder_ : transformer or None
        The fitted encoder; None if X was taken as it is.
    curve_ : SampleSizeCurve
        All of this in one record.
    batch_size_ : int
        Samples in a batch.
    train_indices_, validation_indices_ : ndarray of int
        Samples in the order in which they were added, and held-out ones.
    classes_ : ndarray of shape (n_classes,)
        Labels; of several per sample the columns of y. Classifiers only.
    n_features_in_ : int
        Features seen during fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where X has string column names.

    See Also
    --------
    sample_size_curve : The same as a function that returns the numbers.
    sklearn.model_selection.learning_curve : Score against training-set size, for when
        only the score matters.

    Notes
    -----
    The answer belongs to data, network and training together. The landscape is measured
    in eval mode: Dropout is off and BatchNorm uses its running statistics. Weight decay
    is not part of the loss. A stable landscape alone says little about whether more
    data would help the score.

    The default nets standardise X inside, by means and standard deviations of the whole
    training part (of the first batch in `partial_fit`), which are the same at all sizes
    and belong to the net: the unit of a column changes nothing. A net of your own gets
    X as it is.

    Regression targets are standardised inside, so that `tol` is in units of their
    variance; predictions come back in their own unit. A criterion other than squared,
    absolute or Huber error gets them as they are.

    References
    ----------
    T. Nikitin, N. Kiselev, V. Meshkov, A. Grabovoy, "Neural Networks Loss Landscape
    Convergence in Hessian Low-Dimensional Space", 2025 ("paper B").

    N. Kiselev, A. Grabovoy, "Unraveling the Hessian", arXiv:2409.11995 ("paper A").

    Examples
    --------
    >>> from sufficient import SampleSizeEstimator
    >>> from sufficient.datasets import load_digits_images
    >>> X, y = load_digits_images(n_samples=600)
    >>> est = SampleSizeEstimator(random_state=0).fit(X, y)
    >>> est.verdict_, est.n_train_
    ('sufficient', 480)
    >>> est.predict(X[:3]).tolist() == y[:3].tolist()
    True
    """

    estimator: Net = parameter(None, "no_validation", "net to train", kw_only=False)
    encoder: Encoder = parameter("auto", "no_validation", "how columns become numbers")
    checkpoint: str | os.PathLike[str] | None = parameter(
        None, [str, os.PathLike, None], "folder to go on from after a kill"
    )
    random_state: RandomState = parameter(
        None, ["random_state"], "source of all randomness"
    )
    verbose: int = parameter(0, ["verbose"], "progress")

    _parameter_constraints: ClassVar[dict[str, Any]] = {}
    # Not those of `Settings`: two estimators are the same only if they are one object.
    __eq__ = BaseEstimator.__eq__
    __hash__ = BaseEstimator.__hash__


SampleSizeEstimator._parameter_constraints = constraints_of(SampleSizeEstimator)
